/** How a page is looked at: the theme is a cookie, what was just done a word in the address. */
import type { Context } from 'hono'
import { Hono } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { AppEnv } from '../context.ts'
import { contactUri } from '../core/ranges/well-known.ts'
import { bytesOf } from '../guards/limit.ts'
import { type Look, THEMES, type Theme } from '../portal/look.ts'
import { DONE, type DoneWord } from '../portal/words.ts'
import { ownPath, queryOf } from './own-path.ts'

const COOKIE = 'portwitness_theme'
const YEAR_SECONDS = 365 * 86_400
const FORM_BYTES = 4_096

const themeIn = (text: string | null | undefined): Theme | null => THEMES.find((one) => one === text) ?? null
const isDone = (word: string): word is DoneWord => Object.hasOwn(DONE, word)

export function lookOf(c: Context<AppEnv>): Look {
  const done = c.req.query('done') ?? ''
  return {
    path: c.req.path,
    query: queryOf(c.req.url),
    theme: themeIn(getCookie(c, COOKIE)),
    said: isDone(done) ? DONE[done] : null,
    hasContact: contactUri(c.env.CONTACT) !== null,
  }
}

export const lookRoutes = new Hono<AppEnv>().post('/theme', async (c) => {
  const form = new URLSearchParams(new TextDecoder().decode(await bytesOf(c.req.raw, FORM_BYTES)))
  const theme = themeIn(form.get('theme'))
  if (theme === null) deleteCookie(c, COOKIE, { path: '/' })
  else
    setCookie(c, COOKIE, theme, {
      path: '/',
      sameSite: 'Lax',
      httpOnly: true,
      secure: new URL(c.env.PUBLIC_URL ?? c.req.url).protocol === 'https:',
      maxAge: YEAR_SECONDS,
    })
  return c.redirect(ownPath(form.get('back')), 303)
})
