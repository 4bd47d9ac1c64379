export type Abortable = { readonly signal?: AbortSignal | null | undefined }
