import t from 'tap'
import { providerFaults, returnUrlsOf } from '../../src/providers/provider-settings.ts'

t.test(
  'a login returns to the page of the application, or to the URLs of the setting',
  async (t) => {
    const config = {
      AUTH_RETURN_URLS: '',
      AUTH_APP_URL: 'https://app.example/x/',
      TOKEN_ISSUER: 'https://api.example',
      AUTH_PAGES: 'off' as const,
      NODE_ENV: 'production'
    }
    t.strictSame(returnUrlsOf(config), ['https://app.example/x/signed-in'])
    const urls = 'https://app.example/a?b=c com.example.app:/in http://127.0.0.1:8123/in'
    t.strictSame(returnUrlsOf({ ...config, AUTH_RETURN_URLS: urls }), urls.split(' '))
    t.strictSame(
      returnUrlsOf({ ...config, AUTH_PAGES: 'on' }),
      ['https://app.example/x/signed-in', 'https://api.example/auth/pages/signed-in'],
      'and to one of the pages for users, if there are any'
    )
    t.strictSame(providerFaults({ ...config, AUTH_RETURN_URLS: urls }), [])
    for (const text of [
      'x',
      '/in',
      'javascript:alert(1)',
      'data:text/html',
      'https://a.example/#',
      'https://u@a.example/'
    ]) {
      t.strictSame(
        providerFaults({ ...config, AUTH_RETURN_URLS: `${urls} ${text}` }),
        ['AUTH_RETURN_URLS: entry 4 must be a URL without fragment and user'],
        text
      )
    }
    const plain = { ...config, AUTH_RETURN_URLS: 'http://app.example/in' }
    t.strictSame(providerFaults(plain), ['AUTH_RETURN_URLS: entry 1 must be https in production'])
    t.strictSame(providerFaults({ ...plain, NODE_ENV: 'development' }), [])
  }
)
