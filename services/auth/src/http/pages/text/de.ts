import type { Texts } from './en.ts'

/** The texts of the pages in German. */
export const de: Texts = {
  languageName: 'Deutsch',
  chooseLanguage: 'Sprache',
  skip: 'Zum Inhalt springen',
  yourAccount: 'Ihr Konto',

  signIn: 'Anmelden',
  signOut: 'Abmelden',
  signOutAsk: 'Möchten Sie sich in diesem Browser abmelden?',
  signOutEverywhere: 'Überall abmelden',
  email: 'E-Mail-Adresse',
  password: 'Passwort',
  newPassword: 'Neues Passwort',
  currentPassword: 'Aktuelles Passwort',
  noPassword: 'Ihr Konto hat kein Passwort.',
  setFirstPassword: 'Ein Passwort per E-Mail festlegen',
  passwordHint:
    'Mindestens 8 Zeichen, keines der häufigsten Passwörter und nicht Ihre E-Mail-Adresse.',
  forgotten: 'Passwort vergessen?',
  register: 'Konto erstellen',
  haveAccount: 'Sie haben schon ein Konto? Anmelden',
  withPasskey: 'Mit einem Passkey anmelden',
  signInWith: 'Mit {name} anmelden',
  providersNeedScript: 'Die Anmeldung bei einem anderen Anbieter braucht JavaScript.',
  toProvider: 'Weiter zum Anbieter',
  toApp: 'Weiter zur Anwendung',
  or: 'oder',
  continue: 'Weiter',
  back: 'Zurück',

  factorTitle: 'Bestätigen Sie, dass Sie es sind',
  factorLead: 'Ihr Konto hat einen zweiten Faktor.',
  totp: 'Code aus Ihrer Authenticator-App',
  totpHint: 'Sechs Ziffern. Jeder Code gilt nur einmal.',
  recoveryCode: 'Wiederherstellungscode',
  useRecoveryCode: 'Stattdessen einen Wiederherstellungscode verwenden',
  usePasskey: 'Passkey verwenden',
  enrolTitle: 'Zweiten Faktor hinzufügen',
  enrolLead:
    'Ihr Konto benötigt einen zweiten Faktor. Fügen Sie eine Authenticator-App hinzu, um sich anzumelden.',
  enrolLeadPasskey:
    'Ihr Konto benötigt einen zweiten Faktor. Fügen Sie eine Authenticator-App oder einen Passkey hinzu, um sich anzumelden.',
  scan: 'Scannen Sie diesen Code mit Ihrer Authenticator-App oder geben Sie den Schlüssel dort ein.',
  qrCode: 'QR-Code für Ihre Authenticator-App',
  key: 'Schlüssel',
  firstCode: 'Code, den die App jetzt anzeigt',

  registerTitle: 'Konto erstellen',
  registerOff: 'Die Registrierung ist geschlossen.',
  invitation: 'Einladungscode',
  invitationHint: 'Fügen Sie den Link aus der E-Mail ein oder nur den Teil nach #token=.',
  letterSent: 'Sehen Sie in Ihrem Postfach nach',
  letterSentText:
    'Falls es etwas an {email} zu senden gibt, ist eine E-Mail mit einem Link unterwegs. Sehen Sie auch im Spam-Ordner nach.',
  linkToken: 'Link aus der E-Mail',
  linkTokenHint: 'Fügen Sie hier den vollständigen Link aus der E-Mail ein.',
  forgotTitle: 'Passwort vergessen?',
  forgotLead: 'Wir senden Ihnen einen Link, über den Sie ein neues Passwort festlegen können.',
  sendLink: 'Link senden',
  resetTitle: 'Neues Passwort festlegen',
  resetLead: 'Wenn Sie es festlegen, enden alle Ihre Sitzungen.',
  setPassword: 'Passwort festlegen',
  verifyTitle: 'E-Mail-Adresse bestätigen',
  verifyLead: 'Damit bestätigen Sie, dass die Adresse Ihnen gehört.',
  verify: 'Adresse bestätigen',
  sendVerification: 'E-Mail noch einmal senden',
  confirmEmailTitle: 'Neue E-Mail-Adresse bestätigen',
  confirmEmailLead: 'Ihr Konto verwendet danach die neue Adresse.',
  confirmEmail: 'Neue Adresse verwenden',
  undoEmailTitle: 'E-Mail-Adresse wiederherstellen',
  undoEmailLead:
    'Wenn Sie die Adresse Ihres Kontos nicht geändert haben, stellen Sie die vorherige wieder her. Das beendet alle Sitzungen, und Sie können ein neues Passwort festlegen.',
  undoEmail: 'Adresse wiederherstellen',

  sessions: 'Sitzungen',
  sessionsLead: 'Hier sind Sie angemeldet. Beenden Sie jede Sitzung, die Sie nicht kennen.',
  thisSession: 'Dieser Browser',
  unknownDevice: 'Unbekanntes Gerät',
  signedInAt: 'Angemeldet',
  lastUsed: 'Zuletzt verwendet',
  never: 'nie',
  endSession: 'Sitzung beenden',
  endSessionOf: 'Sitzung {name} beenden',
  endOthers: 'Alle anderen Sitzungen beenden',

  factors: 'Sicherheit',
  factorsLead: 'Zweite Faktoren schützen Ihr Konto auch dann, wenn jemand Ihr Passwort kennt.',
  noFactors: 'Sie haben noch keinen zweiten Faktor.',
  authenticator: 'Authenticator-App',
  passkey: 'Passkey',
  added: 'Hinzugefügt',
  remove: 'Entfernen',
  rename: 'Umbenennen',
  renameOf: '{name} umbenennen',
  removeOf: '{name} entfernen',
  name: 'Name',
  nameHint: 'Damit Sie mehrere Faktoren unterscheiden können.',
  addTotp: 'Authenticator-App hinzufügen',
  addPasskey: 'Passkey hinzufügen',
  addPasskeyLead: 'Ihr Browser wird Sie auffordern, den Passkey zu erstellen.',
  noPasskeys:
    'Dieser Browser hat keine Passkeys. Verwenden Sie einen anderen Browser, oder fügen Sie eine Authenticator-App hinzu.',
  needsScript: 'Für Passkeys ist JavaScript erforderlich.',
  codesLeft: 'Verbleibende Wiederherstellungscodes: {count}',
  newCodes: 'Neue Wiederherstellungscodes erstellen',
  codesTitle: 'Ihre Wiederherstellungscodes',
  codesLead:
    'Jeder Code gilt nur einmal und ersetzt Ihren zweiten Faktor. Drucken Sie die Codes aus: Sie werden nicht noch einmal angezeigt.',
  confirmTotp: 'Bestätigen',

  account: 'Konto',
  changePassword: 'Passwort ändern',
  changeEmail: 'E-Mail-Adresse ändern',
  newEmail: 'Neue E-Mail-Adresse',
  providers: 'Verknüpfte Anbieter',
  providersLead: 'Sie können sich auch damit anmelden.',
  noProviders: 'Noch ist kein Anbieter verknüpft.',
  linkWith: '{name} verknüpfen',
  unlink: 'Verknüpfung aufheben',
  unlinkOf: 'Verknüpfung mit {name} aufheben',
  linkAgain:
    'Ihr Passwort hat sich seitdem geändert. Verknüpfen Sie diesen Anbieter noch einmal, um sich damit anzumelden.',
  yourData: 'Ihre Daten',
  yourDataLead: 'Alles, was über Sie gespeichert ist, als JSON-Datei.',
  download: 'Ihre Daten herunterladen',
  deleteAccount: 'Konto löschen',
  deleteLead:
    'Alle Ihre Sitzungen enden sofort. Ihr Konto und Ihre Daten werden nach einer Wartezeit gelöscht. Um das Konto zu behalten, melden Sie sich vor ihrem Ende an.',
  deleteConfirm: 'Mein Konto löschen',
  deletedTitle: 'Ihr Konto wird gelöscht',
  deletedText: 'Es wird am {time} gelöscht. Melden Sie sich vorher an, um es zu behalten.',
  stepUpTitle: 'Bestätigen Sie, dass Sie es sind',
  stepUpLead:
    'Ihre Anmeldung liegt einige Zeit zurück. Bitte bestätigen Sie noch einmal, dass Sie es sind.',
  stepUpNoPassword:
    'Ihr Konto hat kein Passwort. Melden Sie sich noch einmal an, um zu bestätigen, dass Sie es sind.',

  registered: 'Ihr Konto wurde erstellt. Melden Sie sich jetzt an.',
  verified: 'Ihre Adresse ist bestätigt. Melden Sie sich jetzt an.',
  addressVerified: 'Ihre Adresse ist bestätigt.',
  passwordSet: 'Ihr neues Passwort ist festgelegt. Melden Sie sich jetzt damit an.',
  passwordChanged: 'Ihr Passwort wurde geändert. Alle anderen Sitzungen sind beendet.',
  emailConfirmed: 'Ihr Konto verwendet jetzt die neue Adresse.',
  emailAsked:
    'Öffnen Sie den Link, den wir an Ihre neue Adresse gesendet haben. Bis dahin ändert sich nichts.',
  providerLinked: 'Der Anbieter ist verknüpft.',
  providerUnlinked: 'Der Anbieter ist nicht mehr verknüpft.',
  factorAdded: 'Der zweite Faktor wurde hinzugefügt.',
  factorRenamed: 'Der zweite Faktor wurde umbenannt.',
  factorRemoved: 'Der zweite Faktor wurde entfernt.',
  sessionEnded: 'Die Sitzung ist beendet.',
  signedOut: 'Sie sind abgemeldet.',

  errorTitle: 'Das hat nicht geklappt',
  wrongCredentials: 'Die E-Mail-Adresse oder das Passwort ist falsch.',
  wrongPassword: 'Das Passwort ist falsch.',
  wrongCode: 'Der Code ist falsch oder wurde schon verwendet.',
  malformedCode:
    'Das ist kein vollständiger Code. Eine Authenticator-App zeigt sechs Ziffern. Wiederherstellungscodes sind länger.',
  wrongPasskey: 'Der Passkey wurde nicht angenommen. Melden Sie sich mit Ihrem Passwort an.',
  passkeyRefused:
    'Der Passkey wurde nicht angenommen. Versuchen Sie es noch einmal, oder verwenden Sie einen anderen Faktor.',
  passkeyFailed: 'Ihr Browser hat keinen Passkey übermittelt. Versuchen Sie es noch einmal.',
  loginExpired:
    'Das hat zu lange gedauert, oder es gab zu viele Versuche. Melden Sie sich noch einmal an.',
  unverified:
    'Bestätigen Sie zuerst Ihre E-Mail-Adresse: Öffnen Sie den Link, den wir Ihnen gesendet haben.',
  emailTaken: 'Es gibt bereits ein Konto mit dieser Adresse.',
  emailRefused: 'Diese E-Mail-Adresse kann hier nicht verwendet werden.',
  passwordRefused:
    'Wählen Sie ein anderes Passwort: mindestens 8 Zeichen, keines der häufigsten Passwörter und nicht Ihre E-Mail-Adresse.',
  notRegistered:
    'Das Konto kann nicht erstellt werden: Für die Registrierung ist eine gültige Einladung erforderlich.',
  linkInvalid:
    'Der Link ist ungültig, abgelaufen oder wurde schon verwendet. Fordern Sie einen neuen an.',
  mailOff: 'Dieser Dienst kann keine E-Mails senden.',
  tooManyFactors:
    'Sie haben bereits die höchstmögliche Zahl zweiter Faktoren. Entfernen Sie zuerst einen.',
  lastFactor: 'Ihr Konto benötigt einen zweiten Faktor. Fügen Sie zuerst einen anderen hinzu.',
  factorsOff:
    'Zweite Faktoren sind hier nicht verfügbar, oder Sie müssen zuerst Ihre E-Mail-Adresse bestätigen.',
  providerDenied: 'Die Anmeldung wurde abgebrochen, oder der Anbieter hat sie nicht erlaubt.',
  providerExpired: 'Das hat zu lange gedauert. Beginnen Sie noch einmal.',
  providerUnavailable:
    'Der Anbieter ist gerade nicht verfügbar. Versuchen Sie es bald noch einmal, oder melden Sie sich anders an.',
  providerFailed:
    'Die Antwort des Anbieters konnte nicht angenommen werden. Beginnen Sie noch einmal.',
  providerMustLink:
    'Es gibt schon ein Konto mit dieser E-Mail-Adresse. Melden Sie sich anders an, und verknüpfen Sie den Anbieter auf der Seite „Konto“.',
  providerRefused:
    'Mit diesem Anbieter können Sie sich hier nicht anmelden: Er hat Ihre E-Mail-Adresse nicht bestätigt, ihre Domain ist nicht erlaubt, oder die Registrierung ist geschlossen.',
  providerTaken:
    'Das lässt sich nicht verknüpfen: Es ist mit einem anderen Konto verknüpft, oder Sie haben zu viele verknüpfte Anbieter.',
  verifyToLink: 'Zuerst muss Ihre E-Mail-Adresse bestätigt werden.',
  lastLogin:
    'Ohne ihn könnten Sie sich nicht mehr anmelden. Legen Sie zuerst über „Passwort vergessen?“ ein Passwort fest, oder fügen Sie einen Passkey hinzu.',
  tooMany: 'Es gab zu viele Versuche. Warten Sie einen Moment und versuchen Sie es noch einmal.',
  unavailable: 'Der Dienst ist zurzeit nicht verfügbar. Versuchen Sie es später noch einmal.',
  formExpired:
    'Das Formular ist abgelaufen, oder Ihr Browser speichert keine Cookies dieser Adresse. Laden Sie die Seite neu und wiederholen Sie Ihre Eingabe.',
  notFound: 'Diese Seite gibt es nicht.',
  failed: 'Ihre Anfrage konnte nicht ausgeführt werden.'
}
