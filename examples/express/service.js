import { identity, requireRole } from '@gatehouse/identity/express'
import express from 'express'

const { GATEWAY_KEYS_URL, AUDIENCE, PORT } = process.env
const service = express()
service.use(identity({ gatewayKeys: GATEWAY_KEYS_URL, audience: AUDIENCE }))

service.get('/', (request, response) => {
  response.type('text').send(request.identity.subject)
})

service.get('/report', requireRole('admin'), (_request, response) => {
  response.json({ lines: [] })
})

service.listen(Number(PORT), '127.0.0.1')
