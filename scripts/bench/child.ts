import { measureDelay, type DelayJob, type DelayResult } from './delay.js'
import { measureLoad, type LoadJob, type LoadResult } from './load.js'
import { measureMemory, type MemoryJob } from './memory.js'
import { measureScale, type ScaleJob, type ScaleResult } from './scale.js'

export type Job = LoadJob | ScaleJob | MemoryJob | DelayJob

export type ResultOf<J extends Job> = J extends LoadJob
  ? LoadResult
  : J extends ScaleJob
    ? ScaleResult
    : J extends MemoryJob
      ? number
      : DelayResult

const measure = (job: Job): Promise<ResultOf<Job>> => {
  switch (job.kind) {
    case 'load':
      return measureLoad(job)
    case 'scale':
      return measureScale(job)
    case 'memory':
      return measureMemory(job)
    case 'delay':
      return measureDelay(job)
  }
}

const result = await measure(JSON.parse(process.argv[2]!) as Job)
// Tasks that hang on purpose would keep the process alive, and it would complain of them at its end.
process.send!(result, () => process.kill(process.pid, 'SIGKILL'))
