/** One server-sent event. `retryMs` is what the server last asked for. */
export interface StreamEvent {
  id: string | null
  name: string
  data: string
  retryMs: number | null
}

const MAX_EVENT = 1_000_000

/** Reads server-sent events (WHATWG HTML 9.2.6). Ends when the stream does; throws when an event has no end. */
export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent> {
  const decoder = new TextDecoder()
  let rest = ''
  let event: StreamEvent = { id: null, name: 'message', data: '', retryMs: null }
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true })
    const lines = rest.split(/\r\n|\r|\n/)
    rest = lines.pop() ?? ''
    if (rest.length + event.data.length > MAX_EVENT) throw new Error('an event is too long')
    for (const line of lines) {
      if (line === '') {
        if (event.data !== '' || event.retryMs !== null) yield event
        event = { id: event.id, name: 'message', data: '', retryMs: null }
        continue
      }
      const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? []
      if (field === 'id') event.id = value
      else if (field === 'event') event.name = value
      else if (field === 'data') event.data += (event.data === '' ? '' : '\n') + value
      else if (field === 'retry' && /^\d+$/.test(value)) event.retryMs = Math.min(Number(value), 30_000)
    }
  }
}
