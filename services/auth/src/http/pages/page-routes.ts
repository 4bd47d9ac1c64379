import {
  changeEmail,
  changePassword,
  deleteAccount,
  exportData,
  showAccount
} from './account/account.ts'
import { linkProvider, linkReturned, unlinkProvider } from './account/change-providers.ts'
import { confirm, showConfirm } from './account/confirm.ts'
import { confirmByProvider, confirmReturned } from './account/confirm-provider.ts'
import { endSessions, showSessions } from './account/sessions.ts'
import {
  addPasskey,
  addTotp,
  askForPasskey,
  confirmTotp,
  removeFactor,
  renameFactor,
  renewCodes
} from './factors/change-factors.ts'
import { showFactors } from './factors/factors-page.ts'
import { emailLinks } from './letters/email-links.ts'
import { forgotPassword, showForgotPassword } from './letters/forgot-password.ts'
import { register, showRegister } from './letters/register.ts'
import { resetPassword, showResetPassword } from './letters/reset-password.ts'
import { sendVerification, showVerifyEmail, verifyEmail } from './letters/verify-email.ts'
import type { PageRoute } from './page-route.ts'
import { askForFirstPasskey, signInByFirstPasskey } from './sign-in/first-passkey.ts'
import { showSignIn, signInByPasskey, signInByPassword } from './sign-in/sign-in.ts'
import { signInByFactor } from './sign-in/sign-in-factor.ts'
import { completeSignIn, showReturned, signInByProvider } from './sign-in/sign-in-provider.ts'
import { showSignOut, signOut } from './sign-in/sign-out.ts'

/** Every page, and every form. */
export const pageRoutes: readonly PageRoute[] = [
  showSignIn,
  signInByPassword,
  signInByFactor,
  askForFirstPasskey,
  signInByFirstPasskey,
  signInByPasskey,
  signInByProvider,
  showReturned,
  completeSignIn,
  showSignOut,
  signOut,
  showRegister,
  register,
  showVerifyEmail,
  verifyEmail,
  sendVerification,
  showForgotPassword,
  forgotPassword,
  showResetPassword,
  resetPassword,
  emailLinks,
  showSessions,
  endSessions,
  showFactors,
  addTotp,
  confirmTotp,
  askForPasskey,
  addPasskey,
  renameFactor,
  removeFactor,
  renewCodes,
  showAccount,
  changePassword,
  changeEmail,
  linkProvider,
  linkReturned,
  unlinkProvider,
  exportData,
  showConfirm,
  confirm,
  confirmByProvider,
  confirmReturned,
  deleteAccount
]
