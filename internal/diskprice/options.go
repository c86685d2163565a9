package diskprice

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
)

// maxPods bounds a number of Pods, so that a slip of the hand is refused: no cluster runs as many.
const maxPods = 1_000_000

// option is one key of monthly_cost.
type option struct {
	name     string
	about    string // completes a row of the documentation
	least    int64
	most     int64 // 0: unbounded
	fallback *big.Rat
	set      func(*usage, *big.Rat)
}

// costOptions are all keys, in the order of the documentation.
var costOptions = []option{
	{
		name:  "size_gib",
		about: "size of a Pod's disk and of the cache, usually `size_gib` of `tkeimage_root_disk_size`",
		least: 1,
		most:  disksize.MaxGiB,
		set:   func(u *usage, n *big.Rat) { u.SizeGiB = n },
	},
	{
		name: "pods", about: "number of Pods that run at the same time, on average",
		most: maxPods, set: func(u *usage, n *big.Rat) { u.Pods = n },
	},
	{
		name: "hours_per_month", about: "hours of a month for which they run. Default: 730, all of them",
		most: 744, fallback: big.NewRat(hoursPerMonth, 1), set: func(u *usage, n *big.Rat) { u.HoursPerMonth = n },
	},
	{
		name:  "disk_price_gib_month",
		about: "price of one GiB of cloud disk for a month, such as `price_gib_month` of `tkeimage_disk_price`",
		set:   func(u *usage, n *big.Rat) { u.DiskPrice = n },
	},
	{
		name:  "snapshot_price_gib_month",
		about: "price of one GiB of snapshot for a month, from the price list of your site; no API returns it",
		set:   func(u *usage, n *big.Rat) { u.SnapshotPrice = n },
	},
}

// readUsage returns what the options say. known is false where a value is not known yet. The error
// names every mistake.
func readUsage(written map[string]attr.Value) (use usage, known bool, err error) {
	known = true
	var mistakes []string
	for _, o := range costOptions {
		number, fault := o.readNumber(written[o.name])
		switch {
		case fault != "":
			mistakes = append(mistakes, o.name+" "+fault)
		case number == nil:
			known = false
		default:
			o.set(&use, number)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(written)) {
		if !slices.ContainsFunc(costOptions, func(o option) bool { return o.name == name }) {
			mistakes = append(
				mistakes,
				fmt.Sprintf("%s is not an option: write one of %s", name, strings.Join(optionNames(), ", ")),
			)
		}
	}
	if len(mistakes) > 0 {
		return use, known, fmt.Errorf("%s", strings.Join(mistakes, "\n\n"))
	}
	return use, known, nil
}

// readNumber returns the number of an option, nil where it is not known yet, or what is wrong with
// it.
func (o option) readNumber(value attr.Value) (number *big.Rat, fault string) {
	if value != nil && value.IsUnknown() {
		return nil, ""
	}
	if dynamic, ok := value.(types.Dynamic); ok {
		value = dynamic.UnderlyingValue()
	}
	if value == nil || value.IsNull() {
		if o.fallback == nil {
			return nil, "is missing: it has no default"
		}
		return o.fallback, ""
	}
	written, ok := value.(types.Number)
	if !ok {
		return nil, fmt.Sprintf("is %s: write a number", value)
	}
	number = exactDecimal(written.ValueBigFloat())
	if number.Cmp(big.NewRat(o.least, 1)) < 0 || (o.most > 0 && number.Cmp(big.NewRat(o.most, 1)) > 0) {
		return nil, fmt.Sprintf("is %s: write a number %s", printNumber(number), o.describeRange())
	}
	return number, ""
}

func (o option) describeRange() string {
	if o.most == 0 {
		return fmt.Sprintf("of %d or more", o.least)
	}
	return fmt.Sprintf("from %d to %d", o.least, o.most)
}

func optionNames() (names []string) {
	for _, o := range costOptions {
		names = append(names, o.name)
	}
	return names
}

func printNumber(number *big.Rat) string {
	text := number.FloatString(priceDigits)
	return strings.TrimRight(strings.TrimRight(text, "0"), ".")
}
