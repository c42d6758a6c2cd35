// Send it a SIGTERM, or press Ctrl-C: what can finish does, what obeys is told to stop, what does not is named. Twice ends it at once.
import { setTimeout as sleep } from 'node:timers/promises'
import { closeOnSignals, formatStatus, TaskSupervisor } from 'taskward'

const supervisor = new TaskSupervisor({ name: 'worker' })

supervisor.on('task:settled', ({ task }) => console.log(`  ${task.name}: ${task.status}`))
supervisor.on('task:abandoned', ({ task }) => console.log(`  ${task.name} has not stopped, and is given up`))
supervisor.on('supervisor:closed', ({ report }) => {
  console.log(`closed, abandoned: ${report.abandoned.map(({ name }) => name).join(', ') || 'none'}`)
  console.log(formatStatus(supervisor.status()))
})

// 2 s for what runs to finish, then 0.3 s for what was told to stop. Orchestrators kill after 10 to 30 s: stay well below.
closeOnSignals(supervisor, { timeout: 2_000, grace: 300 })

// Handlers of one's own are called as ever: here a server would stop listening.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => console.log(`${signal}: closing`))

supervisor.spawn(() => sleep(500), { name: 'upload' })
supervisor.spawn(({ signal }) => sleep(10_000, undefined, { signal }), { name: 'import' })
supervisor.spawn(() => sleep(10_000), { name: 'deaf' })

console.log(`ready; kill -TERM ${process.pid}, or wait 10 s for the tasks to end`)
await supervisor.onIdle()
await supervisor.close()
