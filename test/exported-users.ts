export const bcrypt = '$2y$05$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.'

const pbkdf2 = {
  value: 'OZisqJloVWQ/xF8cg5vJoGqp86fPH5Ob3F8cZLPh8Zv3usmEpbHwGI8uqptISvjwQJ93TG9E4MiFHWbVAaSlsQ==',
  salt: 'AQIDBAUGBwgJCgsMDQ4PEA=='
}

/** As other systems export their users. */
export const exported = {
  ours: { email: 'ours@example.com', passwordHash: bcrypt, roles: ['admin'], scope: 'a b' },
  keycloak: {
    id: '3d1f9a52-7c1e-4f5e-8a77-0d2d1c6a9f10',
    createdTimestamp: 1_600_000_000_000,
    username: 'keycloak',
    enabled: true,
    email: 'Keycloak@Example.com',
    credentials: [
      {
        type: 'password',
        secretData: JSON.stringify({ ...pbkdf2, additionalParameters: {} }),
        credentialData: JSON.stringify({ hashIterations: 1000, algorithm: 'pbkdf2-sha256' })
      }
    ],
    realmRoles: ['offline_access']
  },
  auth0: {
    _id: { $oid: '60425da9519d90d09e2a6d8c' },
    email_verified: false,
    email: 'auth0@example.com',
    passwordHash: bcrypt,
    tenant: 'example'
  },
  supabase: {
    id: '5b0b4a46-2e8c-4b5c-9c3b-54e5e7a0f0d1',
    email: 'supabase@example.com',
    encrypted_password: bcrypt.replace('2y', '2a'),
    created_at: '2021-05-04 10:11:12.123+00'
  },
  firebase: {
    localId: 'UVBMgkQUVDQ3eJGdQyrnDjTXzqC2',
    email: 'firebase@example.com',
    passwordHash:
      'lSrfV15cpx95_sZS2W9c9Kp6i_LVgQNDNC_qzrCnh1SAyZvqmZqAjTdn3aoItz-VHjoZilo78198JAdRuid5lQ==',
    salt: '42xEC-ixf3L2lw==',
    createdAt: '1486324122000'
  },
  blocked: { email: 'blocked@example.com', passwordHash: bcrypt, blocked: true }
}

export const firebaseConfig = `hash_config {
  algorithm: SCRYPT,
  base64_signer_key: jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==,
  base64_salt_separator: Bw==,
  rounds: 8,
  mem_cost: 14,
}
`
