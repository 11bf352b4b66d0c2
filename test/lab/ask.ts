/** `ask.ts METHOD URL KEY [JSON]`: one request from inside a namespace, where the laboratory itself is not. */
import process from 'node:process'

const [method = 'GET', url = '', key = '', body] = process.argv.slice(2)
const answer = await fetch(url, {
  method,
  headers: { authorization: `Bearer ${key}`, ...(body ? { 'content-type': 'application/json' } : {}) },
  ...(body ? { body } : {}),
})
const text = await answer.text()
if (answer.ok) process.stdout.write(text)
else {
  console.error(`${answer.status} ${text.slice(0, 500)}`)
  process.exitCode = 1
}
