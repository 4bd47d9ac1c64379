type SparkProps = {
  readonly values: readonly number[]
  /** what the bars show, for those who cannot see them */
  readonly label: string
  /** the highest value that fits; the highest of the values if they are higher */
  readonly least?: number
  readonly tone?: 'good' | 'bad' | 'accent'
}

const HEIGHT = 24

/** Small bars, the oldest first. */
export function Spark({ values, label, least = 1, tone = 'accent' }: SparkProps) {
  const top = Math.max(least, ...values)
  return (
    <svg
      class={`spark ${tone}`}
      viewBox={`0 0 ${Math.max(1, values.length) * 4} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {values.map((value, place) => {
        // What is not zero is visible.
        const height = value === 0 ? 0.5 : Math.max(1.5, (value / top) * HEIGHT)
        const key = `${place}`
        return <rect key={key} x={place * 4} y={HEIGHT - height} width="3" height={height} />
      })}
    </svg>
  )
}
