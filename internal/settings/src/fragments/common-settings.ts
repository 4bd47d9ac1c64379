import { Type } from 'typebox'
import { drainSettings } from './drain-times.ts'
import { fetchedUrlFault } from './http-url.ts'

/** The settings that every service reads. */
export const commonSettings = {
  NODE_ENV: Type.Enum(['development', 'production', 'test'], { default: 'development' }),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info'
  }),
  ...drainSettings
}

/** The folder for the files of the embedded stores. */
export const dataSettings = {
  GATEHOUSE_DATA_DIR: Type.String({ default: '.gatehouse', minLength: 1 })
}

/** Where spans are exported, by a name that OpenTelemetry defines for every program. */
export const tracingSettings = {
  OTEL_EXPORTER_OTLP_ENDPOINT: Type.Optional(
    Type.String({
      title: 'the base http or https URL of a collector, for example http://127.0.0.1:4318',
      faultOf: fetchedUrlFault
    })
  )
}
