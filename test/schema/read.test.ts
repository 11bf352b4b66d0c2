import * as v from 'valibot'
import { expect, test } from 'vitest'
import { read } from '../../schema/read.ts'
import { listOf, whole } from '../../schema/shapes.ts'

test('a list is counted before its elements are looked at', () => {
  const zeros = new Array(2_000_000).fill(0)
  const shape = v.strictObject({ observations: listOf(v.strictObject({ port: whole(1, 2) }), 2_000) })
  expect(v.safeParse(shape, { observations: zeros }, { abortPipeEarly: true }).issues).toHaveLength(1)
  expect(read(shape, { observations: zeros })).toEqual({
    faults: [{ field: 'observations', detail: 'must not be longer than 2000' }],
  })
  expect(read(shape, { observations: [{ port: 1 }, 0] })).toMatchObject({ faults: [{ field: 'observations.1' }] })
  expect(read(shape, { observations: 'x' })).toMatchObject({ faults: [{ field: 'observations' }] })
  expect(read(shape, { observations: [{ port: 2 }] })).toEqual({ value: { observations: [{ port: 2 }] } })
})
