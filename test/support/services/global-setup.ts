import { postgresService } from './postgres.js'
import { redisService } from './redis.js'

/**
 * Where services are required, finds or starts them once for the whole run and not once for each file. A failure here fails
 * the run. What is started ends with the process that runs this.
 */
export default async function setup(): Promise<void> {
  if (process.env['TASKWARD_REQUIRE_SERVICES'] !== '1') return
  const services = {
    TASKWARD_POSTGRES_URL: await postgresService(),
    TASKWARD_REDIS_URL: await redisService(),
  }
  for (const [variable, service] of Object.entries(services)) {
    if (service.url === null) throw new Error(`No service for ${variable}: ${service.why}`)
    process.env[variable] = service.url
  }
}
