import { Type } from 'typebox'
import { callbackPath } from '../../../providers/callback-path.ts'
import { requestSourceOf } from '../../request-source.ts'
import type { Route } from '../route.ts'
import { clearLoginCookie, loginCookieOf, redirects, setLoginCookie } from './login-cookie.ts'
import { CodeChallenge, ProviderList, ProviderParams } from './provider-schemas.ts'

export const listProviders: Route = (service, { providers }) => {
  service.get(
    '/login/providers',
    {
      schema: {
        operationId: 'listProviders',
        summary: 'List the providers',
        description: 'Lists the other providers with which users sign in, for buttons of a page.',
        tags: ['Providers'],
        successes: { 200: { description: 'The providers; none if none is configured.' } },
        response: { 200: ProviderList }
      }
    },
    async () => ({ providers: providers.list.map((provider) => ({ ...provider })) })
  )
}

const Prompt = Type.Optional(
  Type.Enum(['login'], {
    description:
      'The provider must ask the user to sign in again, even if they are signed in there: for POST /auth/step-up. Only for providers with reauthentication.',
    examples: ['login']
  })
)

const Query = Type.Object({
  codeChallenge: CodeChallenge,
  prompt: Prompt,
  returnTo: Type.Optional(
    Type.String({
      maxLength: 2048,
      description:
        'Where the login returns: one of AUTH_RETURN_URLS, byte for byte. Default: the first one.',
      examples: ['https://app.example.com/signed-in']
    })
  )
})

const limited = 'The address sends too many credentials.'

export const beginProviderLogin: Route = (service, { providers, limitAddress }) => {
  service.get(
    '/login/providers/:provider',
    {
      schema: {
        operationId: 'beginProviderLogin',
        summary: 'Begin to sign in with a provider',
        description:
          'A page or app opens this in the browser of its user, as a page and not with fetch. The page keeps the code verifier.',
        tags: ['Providers'],
        params: ProviderParams,
        querystring: Query,
        successes: {
          303: {
            description:
              'To the provider; or, if that does not respond, to returnTo with the error unavailable.',
            headers: redirects(
              'The login page of the provider.',
              'https://accounts.google.com/o/oauth2/v2/auth?client_id=…'
            )
          }
        },
        problems: {
          INVALID_REQUEST:
            'A parameter is missing, returnTo is not in AUTH_RETURN_URLS, or the provider cannot ask its user to sign in again.',
          NOT_FOUND: 'There is no such provider.',
          RATE_LIMITED: limited
        },
        response: { 303: Type.Null() }
      },
      onRequest: limitAddress
    },
    async ({ params, query }, reply) => {
      const { location, flow } = await providers.begin(params.provider, query)
      setLoginCookie(reply, flow)
      return reply.header('referrer-policy', 'no-referrer').redirect(location, 303)
    }
  )
}

export const receiveProviderLogin: Route = (service, { providers, limitAddress }) => {
  service.get(
    callbackPath(':provider'),
    {
      schema: {
        operationId: 'receiveProviderLogin',
        summary: 'Receive a login from a provider',
        description:
          'The redirect URI of the provider, which sends the browser here. Verifies what came back, and sends the browser on to returnTo, with a code or an error in the fragment.',
        tags: ['Providers'],
        params: ProviderParams,
        successes: {
          303: {
            description:
              'To returnTo, with code and provider in the fragment; or with error (denied, invalid, unavailable, expired) and provider.',
            headers: redirects(
              'The page or app that began the login.',
              'https://app.example.com/signed-in#code=q1mZ6ZpJ3nYt0Wm4a8kVx2&provider=google'
            )
          }
        },
        problems: {
          INVALID_REQUEST: 'No login is in progress in this browser.',
          NOT_FOUND: 'There is no such provider.',
          RATE_LIMITED: limited
        },
        response: { 303: Type.Null() }
      },
      onRequest: limitAddress
    },
    async (request, reply) => {
      const { provider } = request.params
      const [, query = ''] = /\?(.*)$/s.exec(request.url) ?? []
      const flow = loginCookieOf(request)
      const source = requestSourceOf(request)
      const { location, isOver } = await providers.comeBack(provider, { query, flow, source })
      if (isOver) clearLoginCookie(reply)
      return reply.header('referrer-policy', 'no-referrer').redirect(location, 303)
    }
  )
}
