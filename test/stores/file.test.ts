import { testTaskStore } from '../../src/testing/index.js'
import { fileStore } from '../../src/stores/file.js'
import { makePlace } from './file/support/places.js'

testTaskStore('fileStore', () => {
  const { directory, dispose } = makePlace()
  return { store: fileStore({ directory }), reopen: () => fileStore({ directory }), dispose }
})
