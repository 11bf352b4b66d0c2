import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SwaggerParser from '@apidevtools/swagger-parser'
import { generateApi } from 'swagger-typescript-api'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../demo/loopback.ts'
import { type RunningWorker, startWorker } from '../../demo/stack.ts'

const ROOT = join(import.meta.dirname, '../..')
let data: string
let worker: RunningWorker
let document: Parameters<typeof SwaggerParser.validate>[0] & { openapi: string; paths: Record<string, object> }

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'portwitness-openapi-'))
  const { port } = await freePort('127.0.0.1', 23_000 + (process.pid % 40) * 25)
  worker = await startWorker(ROOT, data, port)
  document = await (await fetch(`${worker.url}/openapi.json`)).json()
})
afterAll(async () => {
  await worker?.child.stop()
  rmSync(data, { recursive: true, force: true })
})

describe('the OpenAPI document', () => {
  test('is a valid OpenAPI 3.1 document that names the calls of the contract', async () => {
    expect(document.openapi).toMatch(/^3\.1/)
    await SwaggerParser.validate(structuredClone(document))
    for (const path of [
      '/api/v1/targets',
      '/api/v1/scans',
      '/api/v1/scans/{id}',
      '/api/v1/scans/{id}/events',
      '/api/v1/issues/{id}/occurrences',
      '/api/v1/probes/enrolments',
      '/api/v1/kill-switch',
    ])
      expect(Object.keys(document.paths)).toContain(path)
  })

  test('makes a client that type-checks, with the scan as the contract has it', async () => {
    const output = join(data, 'client')
    await generateApi({
      spec: structuredClone(document) as never,
      output,
      fileName: 'client.ts',
      silent: true,
      httpClientType: 'fetch',
    } as never)
    writeFileSync(
      join(output, 'use.ts'),
      `import { Api } from './client'
export async function causes(id: string): Promise<string[]> {
  const { data: scan } = await new Api({ baseUrl: 'http://127.0.0.1:1' }).api.getApiV1ScansById(id)
  const found: (string | null)[] = scan.ports.map((port) => port.cause?.mechanism ?? null)
  return [scan.id, scan.state, scan.verdict ?? '', scan.coverage?.statement ?? '', ...found.map(String)]
}
`,
    )
    writeFileSync(
      join(output, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          strict: true,
          noEmit: true,
          target: 'es2022',
          module: 'esnext',
          moduleResolution: 'bundler',
          lib: ['es2022', 'dom'],
          types: [],
        },
        include: ['*.ts'],
      }),
    )
    const said = (() => {
      try {
        return execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', output], { encoding: 'utf8' })
      } catch (error) {
        return (error as { stdout: string }).stdout
      }
    })()
    expect(said).toBe('')
  })
})
