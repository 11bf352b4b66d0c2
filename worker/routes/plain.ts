/** Raw text for people: a target's bytes are in it, so that no browser may take it for anything but text. */
const HEADERS = {
  'content-type': 'text/plain; charset=utf-8',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "sandbox; default-src 'none'",
  'cache-control': 'private, no-store',
}
/** As much as is shown in place. */
const CUT_CHARS = 20_000

/** The whole as a download; with `cut` the first part in place, and where the whole is. */
export function plainText(
  text: ReadableStream<Uint8Array>,
  { name, cut }: { name: string; cut: string | null },
): Response {
  if (cut === null)
    return new Response(text, { headers: { ...HEADERS, 'content-disposition': `attachment; filename="${name}"` } })
  return new Response(shortened(text, cut), { headers: { ...HEADERS, 'content-disposition': 'inline' } })
}

function shortened(text: ReadableStream<Uint8Array>, href: string): ReadableStream<Uint8Array> {
  let left = CUT_CHARS
  const cutter = new TransformStream<string, string>({
    transform(chunk, controller) {
      controller.enqueue(chunk.slice(0, left))
      left -= chunk.length
      if (left > 0) return
      controller.enqueue(`\n\n[cut after ${CUT_CHARS} characters; the whole is at ${href}]\n`)
      controller.terminate()
    },
  })
  return text
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .pipeThrough(cutter)
    .pipeThrough(new TextEncoderStream())
}
