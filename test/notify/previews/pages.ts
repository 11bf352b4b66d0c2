/** What a rendered message looks like where it arrives: pages without script or outside assets. */
import { discordHtml, slackHtml } from './markup.ts'

const FONT = '"Lato","Noto Sans","DejaVu Sans",system-ui,sans-serif'
const page = (title: string, style: string, body: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title><style>*{box-sizing:border-box}body{margin:0;font:15px/1.46 ${FONT}}code{font:.86em "DejaVu Sans Mono",monospace}a{text-decoration:none}main{width:720px;padding:18px 20px}.who{display:flex;gap:10px}.face{flex:none;width:36px;height:36px;border-radius:6px;background:#1d2b4f;color:#fff;font:700 15px/36px ${FONT};text-align:center}.name{font-weight:700}.tag{font-size:10px;border-radius:3px;padding:1px 4px;margin:0 6px;vertical-align:2px}.time{font-size:12px;color:#777}${style}</style></head><body><main>${signed(body)}</main></body></html>\n`

/** Each platform draws its own pictures for these; few machines that make previews have a font for them. */
const SIGNS: Record<string, string> = {
  '🛑': '#8e1320',
  '🔴': '#dd2e44',
  '🟠': '#f4900c',
  '🔵': '#55acee',
  '✅': '#3aa55d',
}
const signed = (text: string): string =>
  text.replace(/[🛑🔴🟠🔵✅]/gu, (sign) => {
    const tick = sign === '✅' ? '<path d="M4 8.5l3 3 5-6.5" fill="none" stroke="#fff" stroke-width="2"/>' : ''
    const shape = sign === '✅' ? '<rect width="16" height="16" rx="3"' : '<circle cx="8" cy="8" r="7.5"'
    return `<svg width="1em" height="1em" viewBox="0 0 16 16" style="vertical-align:-.12em">${shape} fill="${SIGNS[sign]}"/>${tick}</svg>`
  })

const sender = (tag: string, inside: string): string =>
  `<div class="who"><div class="face">Pw</div><div class="post"><div><span class="name">Portwitness</span><span class="tag">${tag}</span><span class="time">14:05</span></div>${inside}</div></div>`

const plain = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;')

interface SlackText {
  type: string
  text: string
}
interface SlackBlock {
  type: string
  text?: SlackText
  fields?: SlackText[]
  elements?: SlackText[]
}

export function slackPage(body: {
  blocks: SlackBlock[]
  attachments: { color: string; blocks: SlackBlock[] }[]
}): string {
  const block = ({ type, text, fields, elements }: SlackBlock): string => {
    if (type === 'header') return `<h3>${plain(text?.text ?? '')}</h3>`
    if (type === 'context')
      return `<p class="context">${(elements ?? []).map((one) => slackHtml(one.text)).join(' ')}</p>`
    if (fields) return `<div class="fields">${fields.map((one) => `<div>${slackHtml(one.text)}</div>`).join('')}</div>`
    return `<p>${slackHtml(text?.text ?? '')}</p>`
  }
  const attached = body.attachments
    .map(({ color, blocks }) => `<div class="bar" style="border-color:${color}">${blocks.map(block).join('')}</div>`)
    .join('')
  return page(
    'Slack',
    'body{background:#fff;color:#1d1c1d}h3{margin:2px 0 8px;font-size:18px;line-height:1.33}p{margin:0 0 10px}.bar{border-left:4px solid;border-radius:3px;padding:2px 0 0 12px}.fields{display:grid;grid-template-columns:1fr 1fr;gap:8px 16px;margin-bottom:10px}code{color:#c01343;background:#f6f6f6;border:1px solid #ddd;border-radius:3px;padding:1px 3px}a{color:#1264a3}.context{font-size:12px;color:#616061;margin:0}.context code{font-size:11px}.tag{background:#e8e8e8;color:#616061}',
    sender('APP', body.blocks.map(block).join('') + attached),
  )
}

interface Embed {
  title: string
  url?: string
  description?: string
  color: number
  fields: { name: string; value: string }[]
  footer: { text: string }
}

export function discordPage(body: { embeds: Embed[] }, edited: boolean): string {
  const embeds = body.embeds
    .map(
      ({ title, url, description, color, fields, footer }) =>
        `<div class="embed" style="border-color:#${color.toString(16).padStart(6, '0')}"><div class="title"><a href="${url ?? ''}">${discordHtml(title)}</a></div><div class="description">${discordHtml(description ?? '')}</div><div class="fields">${fields.map(({ name, value }) => `<div><b>${plain(name)}</b><br>${discordHtml(value)}</div>`).join('')}</div><div class="footer">${plain(footer.text)} • Today at 14:05</div></div>`,
    )
    .join('')
  return page(
    'Discord',
    'body{background:#313338;color:#dbdee1}.name{color:#f2f3f5}.tag{background:#5865f2;color:#fff}.face{border-radius:50%}.embed{margin-top:4px;width:560px;background:#2b2d31;border-left:4px solid;border-radius:4px;padding:10px 16px 14px 12px;font-size:14px;line-height:1.4}.title{font-weight:700;font-size:16px;margin-bottom:8px}a{color:#00a8fc}code{background:#1e1f22;border-radius:4px;padding:1px 4px}.fields{display:grid;grid-template-columns:repeat(3,1fr);gap:8px 12px;margin-top:10px}.fields b{color:#f2f3f5}.footer{font-size:12px;color:#b5bac1;margin-top:12px}.li{display:flex;gap:6px;margin:2px 0 0 4px}.time{color:#949ba4}',
    sender('APP', embeds + (edited ? '<div class="time">(edited)</div>' : '')),
  )
}

/** Colours and sizes of Teams; the card itself is drawn by the official renderer. */
export const TEAMS_HOST = {
  fontTypes: {
    default: {
      fontFamily: '"Segoe UI","Noto Sans","DejaVu Sans",sans-serif',
      fontSizes: { small: 12, default: 14, medium: 14, large: 18, extraLarge: 24 },
      fontWeights: { lighter: 200, default: 400, bolder: 600 },
    },
    monospace: {
      fontFamily: '"DejaVu Sans Mono",monospace',
      fontSizes: { small: 11, default: 12, medium: 12, large: 16, extraLarge: 20 },
      fontWeights: { lighter: 200, default: 400, bolder: 600 },
    },
  },
  spacing: { small: 4, default: 8, medium: 12, large: 20, extraLarge: 30, padding: 14 },
  separator: { lineThickness: 1, lineColor: '#E1E1E1' },
  supportsInteractivity: true,
  containerStyles: {
    default: {
      backgroundColor: '#FFFFFF',
      foregroundColors: {
        default: { default: '#242424', subtle: '#616161' },
        accent: { default: '#4F52B2', subtle: '#4F52B2' },
      },
    },
    attention: { backgroundColor: '#F9E2E4', foregroundColors: { default: { default: '#751D1F', subtle: '#751D1F' } } },
    warning: { backgroundColor: '#FBF0DC', foregroundColors: { default: { default: '#6B4100', subtle: '#6B4100' } } },
    good: { backgroundColor: '#E2F2E6', foregroundColors: { default: { default: '#0E5A25', subtle: '#0E5A25' } } },
    accent: { backgroundColor: '#E8EBFA', foregroundColors: { default: { default: '#33357A', subtle: '#33357A' } } },
  },
  actions: {
    maxActions: 6,
    spacing: 'medium',
    buttonSpacing: 8,
    actionsOrientation: 'horizontal',
    actionAlignment: 'left',
  },
}

export const teamsPage = (card: string): string =>
  page(
    'Microsoft Teams',
    'body{background:#f5f5f5;color:#242424;font-size:14px}.face{border-radius:4px}.post{width:620px}.ac-adaptiveCard{background:#fff;border:1px solid #e1e1e1;border-radius:6px;box-shadow:0 1px 3px #0002;margin-top:4px;overflow:hidden}.ac-pushButton{font:600 13px "DejaVu Sans",sans-serif;background:#fff;border:1px solid #d1d1d1;border-radius:4px;padding:6px 12px;color:#242424}.tag{background:#e8ebfa;color:#4f52b2}',
    sender('WORKFLOW', card),
  )
