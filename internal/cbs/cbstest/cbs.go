// Package cbstest is a stand-in for the two actions of Cloud Block Storage (service cbs, version
// 2017-03-12) that price a disk. It is written from the published page
// (https://www.tencentcloud.com/document/api/362/16314) and from the models of the official client
// for Node, tencentcloud-sdk-nodejs 4.1.313.
package cbstest

import (
	"math/big"
	"slices"
	"strconv"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"
)

// The names of the actions.
const (
	InquiryPriceCreateDisks = "InquiryPriceCreateDisks"
	DescribeDiskConfigQuota = "DescribeDiskConfigQuota"
)

// Form is how an answer carries the price: every field of it may be null.
type Form int

// The forms.
const (
	AllFields     Form = iota // numbers and strings of more digits, with and without the discount
	NumbersOnly               // no strings of more digits
	ListPriceOnly             // no discount
	NoPrice                   // null in every field
	PricePerMonth             // a unit that no page names
)

// Options are what the service knows.
type Options struct {
	// Lookup returns the credential of a secret id.
	Lookup func(secretID string) (apitest.Credential, bool)
	// PerGiBHour is the list price of one GiB for one hour, by type of disk.
	PerGiBHour map[string]*big.Rat
	// Discount is the part of the list price that the account pays. Default: 1.
	Discount *big.Rat
	// Zones are the types of disks that each zone sells.
	Zones map[string][]string
	// Clock is the service's time. Default: time.Now.
	Clock func() time.Time
	Form  Form
}

// Server is the service.
type Server struct {
	apitest.Service
	opts Options
}

// The sizes that every type has here, in GiB.
const (
	minSize = 20
	maxSize = 32000
	step    = 10
)

// New returns a server that does not listen; see [apitest.Start].
func New(opts Options) *Server {
	if opts.Discount == nil {
		opts.Discount = big.NewRat(1, 1)
	}
	s := &Server{opts: opts}
	s.Service = apitest.Service{
		Name: "cbs", Version: "2017-03-12", Clock: opts.Clock, Lookup: opts.Lookup,
		Actions: map[string]apitest.Action{
			InquiryPriceCreateDisks: {
				Strings:  []string{"DiskChargeType!", "DiskType!"},
				Integers: []string{"DiskSize!", "ProjectId", "DiskCount", "ThroughputPerformance", "DiskBackupQuota"},
				Run:      s.inquirePrice,
			},
			DescribeDiskConfigQuota: {
				Strings:  []string{"InquiryType!", "DiskChargeType", "DiskUsage", "DedicatedClusterId"},
				Integers: []string{"Memory", "CPU"},
				Lists:    []string{"InstanceFamilies", "DiskTypes", "Zones"},
				Run:      s.describeConfigs,
			},
		},
	}
	return s
}

func (s *Server) inquirePrice(c *apitest.Call) (any, *apitest.Refusal) {
	if c.Text("DiskChargeType") != "POSTPAID_BY_HOUR" { // a prepaid price needs DiskChargePrepaid, not taken here
		return nil, apitest.Invalid("DiskChargeType")
	}
	rate, known := s.opts.PerGiBHour[c.Text("DiskType")]
	if !known {
		return nil, &apitest.Refusal{Code: "InvalidParameterValue", EN: "The value of `DiskType` is not valid."}
	}
	size, _ := c.Integer("DiskSize")
	if size < minSize || size > maxSize || size%step != 0 {
		return nil, &apitest.Refusal{Code: "InvalidParameterValue", EN: "The value of `DiskSize` is not valid."}
	}
	count, given := c.Integer("DiskCount")
	if !given {
		count = 1
	}
	list := new(big.Rat).Mul(rate, big.NewRat(size*count, 1))
	return map[string]any{"DiskPrice": s.renderPrice(list)}, nil
}

func (s *Server) renderPrice(list *big.Rat) map[string]any {
	discounted := new(big.Rat).Mul(list, s.opts.Discount)
	price := map[string]any{
		"ChargeUnit":            "HOUR",
		"OriginalPrice":         nil,
		"OriginalPriceHigh":     nil,
		"DiscountPrice":         nil,
		"DiscountPriceHigh":     nil,
		"UnitPrice":             roundPrice(list),
		"UnitPriceHigh":         list.FloatString(6),
		"UnitPriceDiscount":     roundPrice(discounted),
		"UnitPriceDiscountHigh": discounted.FloatString(6),
	}
	var empty []string
	switch s.opts.Form {
	case NumbersOnly:
		empty = []string{"UnitPriceHigh", "UnitPriceDiscountHigh"}
	case ListPriceOnly:
		empty = []string{"UnitPriceDiscount", "UnitPriceDiscountHigh"}
	case NoPrice:
		empty = []string{"ChargeUnit", "UnitPrice", "UnitPriceHigh", "UnitPriceDiscount", "UnitPriceDiscountHigh"}
	case PricePerMonth:
		price["ChargeUnit"] = "MONTH"
	case AllFields:
	}
	for _, name := range empty {
		price[name] = nil
	}
	return price
}

// roundPrice returns the shorter form of a price: two digits.
func roundPrice(price *big.Rat) float64 {
	value, _ := strconv.ParseFloat(price.FloatString(2), 64)
	return value
}

func (s *Server) describeConfigs(c *apitest.Call) (any, *apitest.Refusal) {
	if kind := c.Text("InquiryType"); kind != "INQUIRY_CBS_CONFIG" && kind != "INQUIRY_CVM_CONFIG" {
		return nil, apitest.Invalid("InquiryType")
	}
	configs := []map[string]any{}
	for _, zone := range c.List("Zones") {
		for _, diskType := range c.List("DiskTypes") {
			for _, usage := range []string{"SYSTEM_DISK", "DATA_DISK"} {
				configs = append(configs, map[string]any{
					"Available":             slices.Contains(s.opts.Zones[zone], diskType),
					"DiskChargeType":        "POSTPAID_BY_HOUR",
					"Zone":                  zone,
					"InstanceFamily":        nil,
					"DiskType":              diskType,
					"StepSize":              step,
					"ExtraPerformanceRange": nil,
					"DeviceClass":           nil,
					"DiskUsage":             usage,
					"MinDiskSize":           minSize,
					"MaxDiskSize":           maxSize,
				})
			}
		}
	}
	return map[string]any{"DiskConfigSet": configs}, nil
}
