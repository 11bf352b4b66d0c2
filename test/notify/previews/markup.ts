/** As much of each chat's markup as a message of ours holds, as HTML: enough to see what its readers see. */
const html = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')

/** Slack's mrkdwn; `&lt;` and the like are its own escapes. */
export const slackHtml = (text: string): string =>
  text
    .replace(/<([^|>]+)\|([^>]+)>/g, '<a href="$1">$2</a>')
    .split(/(`[^`\n]+`)/)
    .map((part) =>
      part.startsWith('`') && part.length > 1
        ? `<code>${part.slice(1, -1)}</code>`
        : part.replace(/(^|[\s(])\*([^*\n]+)\*(?=[\s:.,)\u200b]|$)/g, '$1<b>$2</b>'),
    )
    .join('')
    .replace(/\n/g, '<br>')

/** Discord's Markdown. */
export function discordHtml(text: string): string {
  const kept: string[] = []
  const keep = (piece: string) => `\u0000${kept.push(piece) - 1}\u0000`
  const marked = text
    .replace(/`([^`\n]+)`/g, (_, code: string) => keep(`<code>${html(code)}</code>`))
    .replace(/\\([\\*_~`|>#\-[\]()<:])/g, (_, c: string) => keep(html(c)))
  return (
    html(marked)
      .replace(/\[([^\]]+)\]\((https?:[^)]+)\)/g, '<a href="$2">$1</a>')
      .replace(/\*\*([^*]+)\*\*/g, '<b>$1</b>')
      .replace(/(?:^|\n)(\d+)\. +([^\n]*)/g, '<div class="li"><span>$1.</span><div>$2</div></div>')
      .replace(/\n/g, '<br>')
      .replace(/<\/div><br><br>/g, '</div><br>')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: our own marks
      .replace(/\u0000(\d+)\u0000/g, (_, i: string) => kept[Number(i)] ?? '')
  )
}
