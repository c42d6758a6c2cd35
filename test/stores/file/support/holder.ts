/** Opens the store in the directory given, says so, and holds it until it is told to end; says why where it cannot. */
import { writeSync } from 'node:fs'
import { fileStore } from '../../../../src/stores/file.js'

const store = fileStore({ directory: process.argv[2]! })
process.stdin.once('data', () => {
  store.open().then(
    () => writeSync(1, 'held\n'),
    (error: unknown) => {
      writeSync(1, `${String(error)}\n`)
      process.exitCode = 1
      process.stdin.destroy()
    },
  )
})
process.stdin.once('end', () => void store.close())
writeSync(1, 'ready\n')
