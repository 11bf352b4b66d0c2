/** Kinds of channels for whoever sets one up: what is to be given for each. */
import { CHANNEL_KINDS, type ChannelKind } from '../../schema/words.ts'
import { channelOf } from '../notify/channels.ts'

export interface KindForm {
  kind: ChannelKind
  /** what the URL is */
  url: string
  example: string
  /** what the secret is; null: none is taken */
  secret: string | null
  /** hosts it must be at; null: any that is public */
  hosts: readonly string[] | null
}

export const KIND_FORMS: readonly KindForm[] = CHANNEL_KINDS.map((kind) => {
  const { form, hosts } = channelOf(kind)
  return { kind, url: form.url, example: form.example, secret: form.secret, hosts: hosts === 'any' ? null : hosts }
})
