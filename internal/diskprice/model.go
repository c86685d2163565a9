package diskprice

import (
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cbs"
)

type model struct {
	DiskType      types.String `tfsdk:"disk_type"`
	SizeGiB       types.Int64  `tfsdk:"size_gib"`
	Zone          types.String `tfsdk:"zone"`
	PricePerHour  types.Number `tfsdk:"price_per_hour"`
	PriceGiBMonth types.Number `tfsdk:"price_gib_month"`
	Currency      types.String `tfsdk:"currency"`
}

// disk is what the configuration asks the price of.
func (m *model) disk() cbs.Disk {
	return cbs.Disk{Type: m.DiskType.ValueString(), SizeGiB: m.SizeGiB.ValueInt64()}
}

func (m *model) setPrice(perHour *big.Rat, currency string) {
	perMonth := new(big.Rat).Mul(perHour, big.NewRat(hoursPerMonth, m.SizeGiB.ValueInt64()))
	m.PricePerHour, m.PriceGiBMonth = roundPrice(perHour), roundPrice(perMonth)
	m.Currency = types.StringValue(currency)
}

// exactDecimal returns the number as it is written in a configuration: Terraform's binary number of
// 512 bits is near to it.
func exactDecimal(number *big.Float) *big.Rat {
	exact, _ := new(big.Rat).SetString(number.Text('f', -1))
	return exact
}

// priceDigits is how many digits follow the point: as many as the API's own prices have.
const priceDigits = 6

// roundPrice returns a number for Terraform, rounded to six digits after the point.
func roundPrice(price *big.Rat) types.Number {
	const precision = 512 // bits, as Terraform has them
	rounded, _, err := big.ParseFloat(price.FloatString(priceDigits), 10, precision, big.ToNearestEven)
	if err != nil {
		return types.NumberNull() // a Rat always prints as a number
	}
	return types.NumberValue(rounded)
}
