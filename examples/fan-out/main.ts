// Counts the words of a few folders at once, and what depends on the counts after them, whether or not each came to something.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { formatStatus, TaskSupervisor, type TaskContext, type TaskHandle } from 'taskward'

const FOLDERS = ['docs', 'docs/decisions', 'docs/stores', 'docs/missing']

const supervisor = new TaskSupervisor({ name: 'words', concurrency: 3 })

supervisor.on('task:progress', ({ task, progress }) => {
  const { completedSteps, totalSteps, percentage, currentStep } = progress
  console.log(`  ${task.name}: ${completedSteps} of ${totalSteps} (${Math.round(percentage!)} %) ${currentStep}`)
})
supervisor.on('task:failed', ({ task, error }) => console.log(`  ${task.name} failed: ${error.message}`))

async function countWords(folder: string, { signal, progress }: TaskContext): Promise<number> {
  const pages = (await readdir(folder)).filter((file) => file.endsWith('.md'))
  let words = 0
  for (const [index, page] of pages.entries()) {
    const text = await readFile(join(folder, page), { encoding: 'utf8', signal })
    words += text.split(/\s+/).length
    // Told as an event at most ten times a second, and always the last of it.
    progress({ currentStep: page, completedSteps: index + 1, totalSteps: pages.length })
  }
  return words
}

/** The words of those folders that could be read: a dependency that has ended has its outcome at once. */
async function sum(counts: readonly TaskHandle<number>[]): Promise<number> {
  const outcomes = await Promise.all(counts.map(({ settled }) => settled))
  return outcomes.reduce((words, outcome) => words + (outcome.status === 'completed' ? outcome.value : 0), 0)
}

// Fan out: three of them run, the fourth waits for a slot.
const counts = FOLDERS.map((folder) => supervisor.spawn((context) => countWords(folder, context), { name: folder }))

// Fan in. A task that waits for others holds no slot, and has no place in the queue.
const total = supervisor.spawn(() => sum(counts), { name: 'total', after: counts, onDependencyFailure: 'run' })
const index = supervisor.spawn(() => 'an index of all folders', { name: 'index', after: counts })

console.log(formatStatus(supervisor.status()))
console.log(
  `total: ${await total.result} words in ${counts.filter(({ status }) => status === 'completed').length} folders`,
)

const { error, attempt } = index.snapshot()
console.log(`index: ${error?.code}, after ${attempt} attempts`)

await supervisor.close()
console.log(formatStatus(supervisor.status()))
