/** Files of the data folder, by which the command line on the same machine finds the auth service and gets in. */
export const OPS_TOKEN_FILE = 'ops-token'
export const OPS_ADDRESS_FILE = 'ops-address'
