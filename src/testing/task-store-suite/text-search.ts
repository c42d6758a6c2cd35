import assert from 'node:assert/strict'
import { apply, errorsAll, idsOf, listAll } from './reading.js'
import type { SuiteCase } from './suite-case.js'
import { born, errorOf, taskOf } from './tasks.js'

export const textCases: readonly SuiteCase[] = [
  {
    name: 'finds text in name, id, owner and the message of the error, in any case of letters',
    async run(trial) {
      const store = await trial.open()
      const records = [
        taskOf('1-Needle', { createdAt: 1 }),
        taskOf('2', { createdAt: 2, name: 'a NEEDLE here' }),
        taskOf('3', { createdAt: 3, owner: 'needle' }),
        taskOf('4', { createdAt: 4, status: 'failed', error: errorOf('the nEEdle broke', 'CODE') }),
        taskOf('5', {
          createdAt: 5,
          lane: 'needle',
          parentId: 'needle',
          scope: 'needle',
          metadata: { needle: 'needle' },
        }),
        taskOf('6', { createdAt: 6, status: 'failed', error: { message: '', code: 'needle', details: { needle: 1 } } }),
      ]
      await apply(store, records.map(born))
      for (const text of ['needle', 'NEEDLE', 'eedl']) {
        for (const limit of [1, 100])
          assert.deepEqual(idsOf(await listAll(store, { text, limit })), ['4', '3', '2', '1-Needle'])
      }
      assert.deepEqual(idsOf(await listAll(store, { text: '', order: 'oldest' })), idsOf(records))
      assert.equal((await errorsAll(store, { text: 'Needle BROKE' })).length, 1)
      assert.equal((await errorsAll(store, { text: '' })).length, 2)
    },
  },
  {
    name: 'takes no character of a text for more than itself',
    async run(trial) {
      const store = await trial.open()
      const texts = [
        '100%',
        '100 percent',
        'a_b',
        'axb',
        'a\\b',
        'a\\\\b',
        "o'clock",
        'o"clock',
        '[a-c]',
        '^x$',
        '*',
        '?',
        '{h}',
      ]
      texts.push(
        'a\0b',
        'a0000b',
        'a\ufdd00000b',
        '-- ;',
        '\n',
        '\t',
        '$1',
        ':name',
        '&amp;',
        '👩‍👩‍👧',
        '👩',
        '\ud800',
        '\udc00',
      )
      await apply(
        store,
        texts.map((name, index) => born(taskOf(`t${String(index).padStart(2, '0')}`, { name }))),
      )
      for (const text of texts) {
        const expected = texts.filter((name) => name.includes(text))
        const found = (await listAll(store, { text, order: 'oldest' })).map(({ name }) => name)
        assert.deepEqual(found, expected, JSON.stringify(text))
      }
    },
  },
  {
    name: 'lowers letters as JavaScript does, beyond ASCII too',
    async run(trial) {
      const store = await trial.open()
      const names = [
        'İstanbul',
        'istanbul',
        'ISTANBUL',
        'ıstanbul',
        'Straße',
        'STRASSE',
        'STRAẞE',
        'ÄÖÜ',
        'äöü',
        'ΟΔΟΣ',
        'οδος',
      ]
      names.push('Δοκιμή', 'ПРИВЕТ', 'привет', '𐐀𐐁', '𐐨𐐩', 'ǅ', 'ǆ', 'e\u0301', 'é', 'É', 'K', 'k')
      await apply(
        store,
        names.map((name, index) => born(taskOf(`${String(index).padStart(2, '0')}-`, { name, status: 'failed' }))),
      )
      for (const text of names) {
        const expected = names.filter((name) => name.toLowerCase().includes(text.toLowerCase()))
        const found = (await listAll(store, { text, order: 'oldest' })).map(({ name }) => name)
        assert.deepEqual(found, expected, text)
        const failed = (await errorsAll(store, { text })).map(({ taskName }) => taskName)
        assert.deepEqual(failed.reverse(), expected, text)
      }
    },
  },
  {
    name: 'finds no text across two fields, nor in what has been replaced',
    async run(trial) {
      const store = await trial.open()
      await apply(store, [
        born(taskOf('id', { name: 'name', owner: 'owner', status: 'failed', error: errorOf('message') })),
      ])
      for (const text of ['name\nid', 'id\nowner', 'owner\nmessage', '\n', 'null', 'undefined', 'boom']) {
        assert.deepEqual(await listAll(store, { text }), [], JSON.stringify(text))
        assert.deepEqual(await errorsAll(store, { text }), [], JSON.stringify(text))
      }
    },
  },
]
