/**
 * Files of the data folder with which the command line on the same machine finds and calls the auth
 * service.
 */
export const OPS_TOKEN_FILE = 'ops-token'
export const OPS_ADDRESS_FILE = 'ops-address'
