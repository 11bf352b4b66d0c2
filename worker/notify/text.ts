/** A card as running text, for platforms whose messages are one text with markup. */
import { type Card, SIGN } from './card.ts'
import { type Ink, inked, type Line } from './spans.ts'

export interface Markup extends Ink {
  link(label: string, url: string): string
  /** between lines of one paragraph, and between paragraphs */
  newline: string
  paragraph: string
}

export const titleText = (card: Card, ink: Markup): string =>
  `${SIGN[card.tone]} ${inked([`${card.kicker}: `, { bold: card.title }], ink)}`

export const factsText = (card: Card, ink: Markup): string =>
  card.facts.map(({ name, value }) => inked([{ bold: name }, ': ', ...value], ink)).join(ink.newline)

export function sectionText({ heading, lines, isNumbered, more }: Card['sections'][number], ink: Markup): string {
  const before = (i: number) => (isNumbered ? `${i + 1}. ` : lines.length > 1 ? '• ' : '')
  return [
    inked([{ bold: heading }], ink),
    ...lines.map((line: Line, i) => `${ink.text(before(i))}${inked(line, ink)}`),
    ...(more === null ? [] : [inked([more], ink)]),
  ].join(ink.newline)
}

export const linksText = (card: Card, ink: Markup): string =>
  card.links.map(({ label, url }) => ink.link(label, url)).join(' · ')

export const bodyText = (card: Card, ink: Markup): string =>
  [
    ...(card.text === '' ? [] : [inked([card.text], ink)]),
    factsText(card, ink),
    ...card.sections.map((section) => sectionText(section, ink)),
  ]
    .filter((part) => part !== '')
    .join(ink.paragraph)

/** Title, body and links. */
export const wholeText = (card: Card, ink: Markup): string =>
  [titleText(card, ink), bodyText(card, ink), linksText(card, ink)].filter((part) => part !== '').join(ink.paragraph)

/** No markup at all: for previews in notifications and for those who read aloud. */
export const PLAIN: Markup = {
  text: (text) => text,
  code: (text) => text,
  bold: (text) => text,
  link: (label, url) => `${label}: ${url}`,
  newline: '\n',
  paragraph: '\n\n',
}
