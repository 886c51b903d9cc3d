// The texts of the page whose contrast with what is behind them is below AA of WCAG 2.2 (4.5, or 3 for large text).
(() => {
  const parse = c => {
    const n = c.match(/[\d.]+/g).map(Number)
    return { rgb: n.slice(0, 3), a: n.length > 3 ? n[3] : 1 }
  }
  const over = (top, under) => ({ rgb: top.rgb.map((v, i) => v * top.a + under.rgb[i] * (1 - top.a)), a: 1 })
  const luminance = ({ rgb }) => rgb.map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0)
  const behind = element => {
    const layers = []
    for (let e = element; e; e = e.parentElement) layers.push(parse(getComputedStyle(e).backgroundColor))
    return layers.reverse().reduce((under, top) => over(top, under), parse("rgb(255, 255, 255)"))
  }
  const low = []
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement, text = texts.currentNode.data.trim()
    if (!text || !element.checkVisibility({ visibilityProperty: true })) continue
    const style = getComputedStyle(element), ground = behind(element)
    const [dark, light] = [luminance(over(parse(style.color), ground)), luminance(ground)].sort((a, b) => a - b)
    const size = parseFloat(style.fontSize), large = size >= 24 || size >= 18.66 && style.fontWeight >= 700
    const ratio = (light + 0.05) / (dark + 0.05)
    if (ratio < (large ? 3 : 4.5)) low.push(`${ratio.toFixed(2)}: ${text}`)
  }
  return low
})()
