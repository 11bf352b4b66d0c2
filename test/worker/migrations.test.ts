import { getTableConfig, SQLiteTable } from 'drizzle-orm/sqlite-core'
import { beforeAll, expect, test } from 'vitest'
import * as tables from '../../schema/tables.ts'
import { openStage, type Stage } from './support/stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})

const ours = Object.values(tables).filter((table) => table instanceof SQLiteTable) as SQLiteTable[]

test('every table is WITHOUT ROWID: a row with a text key then costs one written row, not two', async () => {
  const { results } = await stage.env.DB.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'table'").all<{
    name: string
    sql: string
  }>()
  expect(ours.length).toBeGreaterThan(10)
  for (const table of ours) {
    const { name } = getTableConfig(table)
    expect(results.find((row) => row.name === name)?.sql, name).toMatch(/WITHOUT ROWID/)
  }
})

test('the migrations give each table the columns and indexes that the code knows', async () => {
  for (const table of ours) {
    const { name, columns, indexes } = getTableConfig(table)
    const { results } = await stage.env.DB.prepare('SELECT name FROM pragma_table_info(?)')
      .bind(name)
      .all<{ name: string }>()
    expect(results.map((row) => row.name).sort(), name).toEqual(columns.map((column) => column.name).sort())
    const made = (
      await stage.env.DB.prepare('SELECT name FROM pragma_index_list(?)').bind(name).all<{ name: string }>()
    ).results.map((row) => row.name)
    for (const index of indexes) expect(made, name).toContain(index.config.name)
  }
})

test('a new stack starts with the tenant of its operator', async () => {
  expect(await stage.count('tenants', "id = 'ten_default'")).toBe(1)
})
