package annotations

import (
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
)

// unit is what a number counts, and how users write it behind a number.
type unit struct {
	name   string
	suffix *regexp.Regexp
}

var (
	gibibytes = unit{"GiB", regexp.MustCompile(`(?i)^\s*([0-9]{1,9})\s*(?:gi?b?)?\s*$`)}
	percent   = unit{"percent", regexp.MustCompile(`(?i)^\s*([0-9]{1,9})\s*(?:%|percent)?\s*$`)}
	minutes   = unit{"minutes", regexp.MustCompile(`(?i)^\s*([0-9]{1,9})\s*(?:m|min|minutes?)?\s*$`)}
)

// unbounded is the upper bound where the product documents none: what any implementation can hold.
const unbounded = math.MaxInt32

// wholeNumber is a whole number within bounds. The annotations take digits alone, without a unit.
type wholeNumber struct {
	unit      unit
	low, high int64
}

func (w wholeNumber) describeForm() string {
	return fmt.Sprintf("a whole number of %s", w.formatBounds())
}

func (w wholeNumber) formatBounds() string {
	if w.high == unbounded {
		return fmt.Sprintf("%s, %d or more", w.unit.name, w.low)
	}
	return fmt.Sprintf("%s from %d to %d", w.unit.name, w.low, w.high)
}

func (w wholeNumber) renderValue(written any) (*string, *mistake) {
	number, isNumber := written.(*big.Float)
	if !isNumber {
		return nil, w.suggestNumber(written)
	}
	if number.IsInt() && w.isInBounds(number) {
		digits := number.Text('f', 0)
		return &digits, nil
	}
	if above, exists := nextWhole(number); exists && w.isInBounds(above) {
		return nil, &mistake{"is " + formatDecimal(number), "write a whole number, %name = " + formatDecimal(above)}
	}
	return nil, &mistake{"is " + formatDecimal(number), "write a whole number of " + w.formatBounds()}
}

// nextWhole is the whole number above a fraction.
func nextWhole(number *big.Float) (*big.Float, bool) {
	if number.IsInt() || number.IsInf() {
		return nil, false
	}
	truncated, _ := number.Int(nil)
	if number.Sign() > 0 {
		truncated.Add(truncated, big.NewInt(1))
	}
	return new(big.Float).SetInt(truncated), true
}

func (w wholeNumber) isInBounds(number *big.Float) bool {
	return number.Cmp(new(big.Float).SetInt64(w.low)) >= 0 && number.Cmp(new(big.Float).SetInt64(w.high)) <= 0
}

// suggestNumber finds the number in what was written, such as 50 in "50Gi", which is seen in the
// wild.
func (w wholeNumber) suggestNumber(written any) *mistake {
	text, _ := written.(string)
	if found := w.unit.suffix.FindStringSubmatch(text); found != nil {
		if n, err := strconv.ParseInt(found[1], 10, 64); err == nil && n >= w.low && n <= w.high {
			return &mistake{
				"is " + describeValue(written),
				fmt.Sprintf("write the number alone, without quotes and unit: %%name = %d", n),
			}
		}
	}
	return &mistake{
		"is " + describeValue(written),
		"write a whole number of " + w.formatBounds() + ", without quotes and unit",
	}
}

// formatDecimal writes a number as users do, unless that takes too many digits.
func formatDecimal(number *big.Float) string {
	if exponent := number.MantExp(nil); exponent > 64 || exponent < -64 {
		return number.Text('g', 10)
	}
	return number.Text('f', -1)
}
