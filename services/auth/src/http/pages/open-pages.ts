import type { Service } from '@gatehouse/http-service/build-service'
import type { ErrorForm } from '@gatehouse/http-service/error-form'
import type { FastifyRequest } from 'fastify'
import type { AuthConfig } from '../../config.ts'
import { passkeyPolicyOf } from '../../factors/passkeys/passkey-settings.ts'
import { appName } from '../../mail/app-name.ts'
import { pagesUrl } from '../../mail/pages-url.ts'
import { pagesReturnUrl } from '../../providers/provider-settings.ts'
import type { AuthSettings } from '../app-settings.ts'
import { pageFiles } from './frame/page-files.ts'
import type { Offer } from './page-route.ts'
import { pageRoutes } from './page-routes.ts'
import { askRoutes } from './requests/ask.ts'
import { readForms } from './requests/form.ts'
import { refuseForeignOrigin } from './requests/form-token.ts'
import { returnTo } from './requests/return-to.ts'
import { isLanguage } from './text/texts.ts'
import { readTheme, type Theme } from './theme/theme.ts'
import { errorPage } from './visits/error-page.ts'
import { visits } from './visits/visit.ts'

/** The pages for users, as the service gets them. */
export type Pages = {
  /** adds the pages. Call it after the hooks of the service have been added */
  serve(service: Service, parts: PagesParts): void
  /** how an error is shown to the reader of a page; null: the request is not for a page */
  errorForm(request: FastifyRequest): ErrorForm | null
}

type PagesParts = {
  readonly settings: Pick<AuthSettings, 'allowsOrigin' | 'cookieSameSite' | 'registration'>
  readonly hasMail: boolean
  readonly providers: Offer['providers']
  readonly clock: () => number
}

/** the path of the pages in this service; the gateway has removed `/auth` */
const PATH = '/pages'

/** @throws SettingsFault if the theme cannot be used */
export function openPages(config: AuthConfig): Pages | null {
  const url = pagesUrl(config)
  if (url === null) return null
  const file = config.AUTH_PAGES_THEME_FILE
  const theme = file === undefined ? null : readTheme(file)
  let form: ErrorForm | null = null
  return {
    serve(service, parts) {
      form = serve(service, config, { ...parts, theme, url })
    },
    errorForm: ({ url: path }) => (path.startsWith(`${PATH}/`) ? form : null)
  }
}

type ServedParts = PagesParts & { readonly theme: Theme | null; readonly url: string }

function serve(service: Service, config: AuthConfig, parts: ServedParts): ErrorForm {
  const { settings, theme, clock } = parts
  const open = visits({
    ask: askRoutes(service),
    look: {
      app: theme?.name ?? appName(config),
      hasLogo: theme?.logo != null,
      hasTheme: theme !== null
    },
    fallbackLanguage: isLanguage(config.AUTH_MAIL_LANGUAGE) ? config.AUTH_MAIL_LANGUAGE : 'en',
    returnTo: returnTo(config.AUTH_APP_URL, settings.allowsOrigin),
    sameSite: settings.cookieSameSite
  })
  const options = {
    open,
    offer: offerOf(config, parts),
    isRecent: (provenAt: number) => clock() / 1000 - provenAt <= config.AUTH_PAGES_RECENT_SECONDS
  }
  service.get(PATH, { schema: { hidden: true } }, async (_request, reply) =>
    reply.redirect('pages/account', 303)
  )
  service.register(
    async (scope) => {
      const pages = scope as Service
      readForms(pages)
      pages.addHook('onRequest', refuseForeignOrigin)
      // A page takes its user from the cookie, and nothing else.
      pages.addHook('onRequest', async (request) => {
        request.identity = null
      })
      pageFiles(pages, theme)
      for (const route of pageRoutes) route(pages, options)
    },
    { prefix: PATH }
  )
  return errorPage(open)
}

/** Passkeys are bound to origins, and can be used on the pages only if theirs is one of them. */
function offerOf(config: AuthConfig, { settings, hasMail, providers, url }: ServedParts): Offer {
  const { mode, party } = passkeyPolicyOf(config)
  const { registration } = settings
  const hasPasskeys = party?.origins.includes(new URL(url).origin) === true
  return {
    registration,
    passkeys: hasPasskeys ? mode : 'off',
    hasMail,
    providers,
    providerReturnUrl: pagesReturnUrl(config) ?? ''
  }
}
