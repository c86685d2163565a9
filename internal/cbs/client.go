// Package cbs is a typed client of the two actions of Cloud Block Storage (service cbs, version
// 2017-03-12) that price a disk: InquiryPriceCreateDisks and, where a zone is named,
// DescribeDiskConfigQuota.
//
// Source: https://www.tencentcloud.com/document/api/362/16314, and the models of the official
// client for Node, tencentcloud-sdk-nodejs 4.1.313.
package cbs

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
)

const (
	service = "cbs"
	version = "2017-03-12"

	// ActionInquirePrice is the name of the action, as the API and CAM policies (cbs:<Action>)
	// spell it.
	ActionInquirePrice = "InquiryPriceCreateDisks"
	// ActionDescribeConfigs is likewise the name of the action that lists which disks a zone sells.
	ActionDescribeConfigs = "DescribeDiskConfigQuota"

	// postpaid is the charge type of disks that are billed by the hour, as those of Pods are.
	postpaid = "POSTPAID_BY_HOUR"
	// perHour is the only unit of the price of such a disk that is published.
	perHour = "HOUR"
)

// Error is any failure of a call.
type Error = cloudapi.Error

// Client calls the service. It makes no request until a method is called.
type Client struct{ api *cloudapi.Client }

// New returns a client; the configuration needs no service and no version. It fails only on an
// endpoint that is not a URL.
func New(config cloudapi.Config) (*Client, error) {
	config.Service, config.Version = service, version
	api, err := cloudapi.New(config)
	return &Client{api}, err
}

// Disk is what to price.
type Disk struct {
	Type    string // such as CLOUD_PREMIUM
	SizeGiB int64
}

type inquiry struct {
	DiskChargeType string
	DiskType       string
	DiskSize       int64 // GiB
	DiskCount      int64
}

// inquiryAnswer is the answer of InquiryPriceCreateDisks. Each field of a price may be null.
type inquiryAnswer struct {
	DiskPrice struct {
		ChargeUnit            string
		UnitPrice             json.Number
		UnitPriceHigh         string
		UnitPriceDiscount     json.Number
		UnitPriceDiscountHigh string
	}
}

// PricePerHour returns what the account is asked for one disk and one hour, in the currency of the
// account, which the answer does not name. Of the four prices in an answer, the one with the
// account's discount and more digits comes first. An answer without a price by the hour is an
// *Error of kind KindMalformed.
func (c *Client) PricePerHour(ctx context.Context, disk Disk) (*big.Rat, error) {
	request := inquiry{DiskChargeType: postpaid, DiskType: disk.Type, DiskSize: disk.SizeGiB, DiskCount: 1}
	out, err := cloudapi.Call[inquiryAnswer](
		ctx,
		c.api,
		cloudapi.Action{Name: ActionInquirePrice, Repeatable: true},
		request,
	)
	if err != nil {
		return nil, err
	}
	p := out.DiskPrice
	text := cmp.Or(p.UnitPriceDiscountHigh, p.UnitPriceDiscount.String(), p.UnitPriceHigh, p.UnitPrice.String())
	price, valid := new(big.Rat).SetString(text)
	if !valid || price.Sign() < 0 || (p.ChargeUnit != "" && p.ChargeUnit != perHour) {
		return nil, malformedAnswer(
			ActionInquirePrice,
			fmt.Sprintf("the answer holds no price by the hour: unit %q, price %q", p.ChargeUnit, text),
		)
	}
	return price, nil
}

type configRequest struct {
	InquiryType    string
	DiskChargeType string
	DiskTypes      []string
	Zones          []string
}

type configAnswer struct{ DiskConfigSet []Config }

// Config says that a zone sells disks of a type, and of which sizes.
type Config struct {
	Available   bool
	Zone        string
	DiskType    string
	DiskUsage   string // SYSTEM_DISK, DATA_DISK
	MinDiskSize int64  // GiB
	MaxDiskSize int64  // GiB
	StepSize    int64  // GiB; 0 where the service names none
}

// Configs returns the disks of a type that a zone sells by the hour. The list is empty where it
// sells none.
func (c *Client) Configs(ctx context.Context, diskType, zone string) ([]Config, error) {
	request := configRequest{
		InquiryType:    "INQUIRY_CBS_CONFIG",
		DiskChargeType: postpaid,
		DiskTypes:      []string{diskType},
		Zones:          []string{zone},
	}
	out, err := cloudapi.Call[configAnswer](
		ctx,
		c.api,
		cloudapi.Action{Name: ActionDescribeConfigs, Repeatable: true},
		request,
	)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(out.DiskConfigSet, func(config Config) bool {
		return !config.Available || config.DiskType != diskType || config.Zone != zone
	}), nil
}

// Sells reports whether a disk of this size can be bought.
func (c Config) Sells(sizeGiB int64) bool {
	return c.MinDiskSize <= sizeGiB && sizeGiB <= c.MaxDiskSize && (c.StepSize <= 0 || sizeGiB%c.StepSize == 0)
}

func malformedAnswer(action, message string) *Error {
	return &Error{Service: service, Action: action, Kind: cloudapi.KindMalformed, Message: message}
}
