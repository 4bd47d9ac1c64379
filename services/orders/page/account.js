import { accountOf, takeLinkToken } from './client/account.ts'
import { byId } from './elements.js'
import { notify, onSubmit, run } from './notice.js'

/** The pages to which the links in e-mails lead. */
const pages = ['forgot-password', 'reset-password', 'verify-email', 'confirm-email', 'undo-email']

/** Shows that the link in an e-mail is opened in the browser that registered. */
const PAGE_SECRET = 'gatehouse page secret'

export const keepSecret = ({ pageSecret }) => {
  if (pageSecret !== undefined) localStorage.setItem(PAGE_SECRET, pageSecret)
}

const keptSecret = () => localStorage.getItem(PAGE_SECRET) ?? undefined

let page = location.pathname.split('/').at(-1)
/** The token of the link that opened the page. */
let token = takeLinkToken() ?? undefined

/** The secret of an invitation, whose link opened the page; otherwise undefined. */
export const invitation = () => (page === 'register' ? token : undefined)

/** Shows the page of the address, if it is one of those above. Returns whether it is. */
export const showAccountPage = () => {
  for (const id of pages) byId(id).hidden = id !== page
  return pages.includes(page)
}

const form = (id) => byId(id).querySelector('form')

/** Makes the forms of the account work. `show` shows the page of the user, or the login form. */
export function startAccount(gatehouse, show) {
  const account = accountOf(gatehouse)

  const open = async (next, text) => {
    page = next
    history.replaceState(null, '', `/demo/${next}`)
    await run(show)
    notify(text)
  }
  const choosePassword = (resetToken, text) => {
    token = resetToken
    return open('reset-password', text)
  }
  const invalid = { FORBIDDEN: 'This link does not work: it is unknown, used or expired.' }

  onSubmit(form('forgot-password'), async ({ email }) => {
    await account.forgotPassword({ email })
    notify('If the address has an account, we have sent it an e-mail with a link.')
  })
  const reset = async ({ newPassword }) => {
    await account.resetPassword({ token, newPassword })
    await open('', 'The password is set. Sign in with it.')
  }
  onSubmit(form('reset-password'), reset, invalid)
  const verify = async () => {
    const { resetToken } = await account.verifyEmail({ token, pageSecret: keptSecret() })
    localStorage.removeItem(PAGE_SECRET)
    if (resetToken === null) return open('', 'The address is verified.')
    return choosePassword(resetToken, 'The address is verified. Choose a password.')
  }
  onSubmit(form('verify-email'), verify, invalid)
  const confirm = async () => {
    await account.confirmEmail({ token })
    await open('', 'The account has its new address.')
  }
  onSubmit(form('confirm-email'), confirm, invalid)
  const undo = async () => {
    const { resetToken } = await account.undoEmail({ token })
    await choosePassword(resetToken, 'The account has its previous address. Choose a password.')
  }
  onSubmit(form('undo-email'), undo, invalid)

  onSubmit(byId('change-email'), async ({ email }) => {
    await account.changeEmail({ email })
    notify('We have sent an e-mail with a link. Nothing changes until you open it.')
  })
  onSubmit(byId('change-password'), async ({ currentPassword, newPassword }) => {
    await account.changePassword({ currentPassword, newPassword })
    await run(show)
    notify('The password has changed, and all other sessions have ended.')
  })
  byId('send-verification').addEventListener('click', () =>
    run(async () => {
      const email = byId('who').textContent
      await account.sendVerification({ email, pageSecret: keptSecret() })
      notify('We have sent an e-mail with a link, unless the address is already verified.')
    })
  )
}
