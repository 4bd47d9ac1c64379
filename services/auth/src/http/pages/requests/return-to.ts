import type { AllowsOrigin } from '@gatehouse/edge-headers/web-origin'

/** The pages of a signed-in user, to which another page can return. */
const ownPages = ['account', 'factors', 'sessions', 'delete-account'] as const
export type OwnPage = (typeof ownPages)[number]

/** longer than any page of an application, and short enough for a cookie */
const LONGEST = 2048

/** Where a user goes next. */
export type ReturnTo = {
  /**
   * The text of a request, if a page may return there; null otherwise. A page of ours is a name, so
   * it leads nowhere else. Anything else must be a URL of an origin that the settings name.
   */
  allowed(text: string): string | null
  /** where a login leads if no request says so */
  readonly otherwise: string
}

/** @param appUrl AUTH_APP_URL */
export function returnTo(appUrl: string, allowsOrigin: AllowsOrigin): ReturnTo {
  const { origin } = new URL(appUrl)
  return {
    allowed(text) {
      if (ownPages.some((page) => page === text)) return text
      const url = URL.parse(text)
      if (url === null || !/^https?:$/.test(url.protocol)) return null
      // In its own form: one character of the text can become twelve there.
      if (url.href.length > LONGEST) return null
      if (url.username !== '' || url.password !== '') return null
      return url.origin === origin || allowsOrigin(url.origin) ? url.href : null
    },
    otherwise: appUrl
  }
}
