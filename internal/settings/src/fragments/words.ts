/** The entries of a list in a setting, separated by spaces or commas. Pure. */
export const words = (list: string): string[] => list.split(/[\s,]+/).filter((word) => word !== '')
