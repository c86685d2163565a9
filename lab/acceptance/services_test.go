package acceptance_test

import (
	"fmt"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cbs/cbstest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/credentials/ststest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tcr/tcrtest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

const (
	standInAccount  = "100000000001"
	standInRole     = "qcs::cam::uin/" + standInAccount + ":roleName/acceptance"
	standInRegistry = "tcr-ak98765x"
)

// others are the services beside TKE. A role or a registry that is empty is not asked about.
type others struct {
	real           bool
	region         string
	role, registry string
	endpoint       map[string]string // by service
}

// aimOthers chooses the services. bare is how the stand-in for TCR writes its answers.
func aimOthers(t *testing.T, bare bool) *others {
	t.Helper()
	if os.Getenv("TKEIMAGE_TESTACC") != "" {
		inTurn(t)
		return &others{
			real: true, region: os.Getenv("TENCENTCLOUD_REGION"), role: os.Getenv("TKEIMAGE_TESTACC_ROLE_ARN"),
			registry: os.Getenv("TKEIMAGE_TESTACC_REGISTRY_ID"), endpoint: map[string]string{
				"sts": os.Getenv("TKEIMAGE_ENDPOINT_STS"), "tcr": os.Getenv("TKEIMAGE_ENDPOINT_TCR"),
			},
		}
	}
	key := apitest.Credential{SecretID: tketest.DefaultSecretID, SecretKey: tketest.DefaultSecretKey}
	sts := ststest.New(ststest.Options{
		Keys:  map[string][]apitest.Credential{standInAccount: {key}},
		Roles: map[string]ststest.Role{standInRole: {ID: "4611686018427397919", Principals: []string{standInAccount}}},
	})
	registries := tcrtest.New(tcrtest.Options{
		Lookup: sts.Lookup, Bare: bare,
		Instances: map[string]tcrtest.Account{standInRegistry: {Username: standInAccount, Token: "token"}},
	})
	rate := big.NewRat(488, 1_000_000)
	disks := cbstest.New(cbstest.Options{Lookup: sts.Lookup, PerGiBHour: map[string]*big.Rat{
		"CLOUD_PREMIUM": rate, "CLOUD_BSSD": rate, "CLOUD_SSD": rate, "CLOUD_HSSD": rate,
	}})
	return &others{
		region: tketest.DefaultRegion, role: standInRole, registry: standInRegistry, endpoint: map[string]string{
			"sts": apitest.Start(t, sts), "tcr": apitest.Start(t, registries), "cbs": apitest.Start(t, disks),
		},
	}
}

func (o *others) client(service string) *common.Client {
	credential := common.CredentialIface(common.NewCredential(tketest.DefaultSecretID, tketest.DefaultSecretKey))
	if o.real {
		credential = account()
	}
	return dial(credential, o.region, o.endpoint[service])
}

// ask puts all questions that can be put.
func (o *others) ask(t *testing.T) (answers []answer) {
	t.Helper()
	answers = o.askPrices(t)
	if o.registry != "" {
		answers = append(answers, o.askTokens(t)...)
	}
	if o.role != "" {
		answers = append(answers, o.askSessions(t)...)
	}
	return answers
}

func (o *others) askPrices(t *testing.T) (answers []answer) {
	t.Helper()
	client := o.client("cbs")
	for _, diskType := range []string{
		"CLOUD_PREMIUM", "CLOUD_BSSD", "CLOUD_SSD", "CLOUD_HSSD", "CLOUD_TSSD", "CLOUD_BASIC",
	} {
		_, code := callService(t, client, "cbs", "2017-03-12", "InquiryPriceCreateDisks", fields{
			"DiskChargeType": "POSTPAID_BY_HOUR", "DiskType": diskType, "DiskSize": 50, "DiskCount": 1,
		})
		answers = append(answers, answer{diskType, "Is a disk of type " + diskType + " priced by the hour?", yes(code)})
	}
	return answers
}

func (o *others) askTokens(t *testing.T) []answer {
	t.Helper()
	client := o.client("tcr")
	call := func(action string, parameters fields) (fields, string) {
		parameters["RegistryId"] = o.registry
		return callService(t, client, "tcr", "2019-09-24", action, parameters)
	}
	token, code := call("CreateInstanceToken", fields{"TokenType": "longterm", "Desc": prefix + "suite"})
	if code != "" {
		t.Fatalf("CreateInstanceToken: the service answers %s", code)
	}
	id := fmt.Sprint(token["TokenId"])
	_, deleted := call("DeleteInstanceToken", fields{"TokenId": id})
	_, again := call("DeleteInstanceToken", fields{"TokenId": id})
	temporary, _ := call("CreateInstanceToken", fields{"TokenType": "temp"})
	_, hasName := token["Username"].(string)
	return []answer{
		{"LongTermExpiry", "When does a long-term token expire?", expiry(token["ExpTime"])},
		{"Username", "Is the user name of a token a string?", yesNo(hasName)},
		{"Delete", "May a long-term token be deleted?", yes(deleted)},
		{"DeleteUnknown", "May a token be deleted that does not exist?", yes(again)},
		{"TemporaryID", "Has a temporary token an id?", yesNo(
			told(temporary, "TokenId") != "no" && temporary["TokenId"] != "",
		)},
	}
}

// expiry says in how many days a time stamp is, and in which unit it is written.
func expiry(stamp any) string {
	number, isNumber := stamp.(float64)
	switch days := time.Until(time.Unix(int64(number), 0)).Hours() / 24; {
	case !isNumber || number == 0:
		return "never"
	case days < 100*365:
		return fmt.Sprintf("after %.0f days, in seconds", days)
	}
	return fmt.Sprintf("after %.0f days, in milliseconds", time.Until(time.UnixMilli(int64(number))).Hours()/24)
}

func (o *others) askSessions(t *testing.T) []answer {
	t.Helper()
	client := o.client("sts")
	assume := func(role string, tags ...fields) (fields, string) {
		request := fields{"RoleArn": role, "RoleSessionName": prefix + "suite"}
		if len(tags) > 0 {
			request["Tags"] = tags
		}
		return callService(t, client, "sts", "2018-08-13", "AssumeRole", request)
	}
	session, code := assume(o.role)
	if code != "" {
		t.Fatalf("AssumeRole: the service answers %s", code)
	}
	_, tagged := assume(o.role, fields{"Key": "suite", "Value": "acceptance"})
	_, empty := assume(o.role, fields{"Key": "suite", "Value": ""})
	_, twice := assume(o.role, fields{"Key": "suite", "Value": "a"}, fields{"Key": "suite", "Value": "b"})
	arn := o.arnOf(t, session)
	_, byID := assume(strings.SplitAfter(o.role, ":role")[0] + "/" + arn[strings.LastIndex(arn, "/")+1:])
	return []answer{
		{"Tags", "May a session have tags?", yes(tagged)},
		{"EmptyTag", "May the value of a session tag be empty?", yes(empty)},
		{"DoubleTag", "May two session tags have one key?", yes(twice)},
		{"CallerARN", "What is the ARN of a session?", regularized(arn)},
		{"RoleID", "May a role be named by its id?", yes(byID)},
	}
}

// arnOf returns what a session calls itself.
func (o *others) arnOf(t *testing.T, session fields) string {
	t.Helper()
	text := func(name string) string {
		credential, _ := session["Credentials"].(map[string]any)
		return fmt.Sprint(credential[name])
	}
	client := dial(
		common.NewTokenCredential(text("TmpSecretId"), text("TmpSecretKey"), text("Token")),
		o.region, o.endpoint["sts"],
	)
	identity, code := callService(t, client, "sts", "2018-08-13", "GetCallerIdentity", fields{})
	if code != "" {
		t.Fatalf("GetCallerIdentity: the service answers %s", code)
	}
	return fmt.Sprint(identity["Arn"])
}

// TestAccUnconfirmedPointsOfOtherServices asks STS, TCR and CBS, as TestAccUnconfirmedPoints asks
// TKE. Against the real ones the record goes to a file beside that of TKEIMAGE_TESTACC_RECORD.
func TestAccUnconfirmedPointsOfOtherServices(t *testing.T) {
	t.Parallel()
	o := aimOthers(t, false)
	got := record(o.ask(t))
	if file := os.Getenv("TKEIMAGE_TESTACC_RECORD"); o.real && file != "" {
		if err := os.WriteFile(strings.TrimSuffix(file, ".md")+"-services.md", []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const standIn = "testdata/stand-in-services.md"
	if *update && !o.real {
		if err := os.WriteFile(standIn, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(standIn)
	if err != nil {
		t.Fatal(err)
	}
	diff := cmp.Diff(string(want), got)
	switch {
	case o.real:
		t.Logf("what the services do (+) and the stand-ins take them to do (-):\n%s", diff)
	case diff != "":
		t.Errorf("%s says otherwise:\n%s", standIn, diff)
	}
}

// TestQuestionsToTCRTellItsFormsApart: of the two forms that answers have in TCR's documentation.
func TestQuestionsToTCRTellItsFormsApart(t *testing.T) {
	t.Parallel()
	usual := aimOthers(t, false)
	if usual.real {
		t.Skip("this tries the questions, not the service")
	}
	one, other := usual.askTokens(t), aimOthers(t, true).askTokens(t)
	for i, differs := range map[int]bool{0: true, 1: true, 2: false} {
		if (one[i].seen != other[i].seen) != differs {
			t.Errorf("%s: %q and %q", one[i].question, one[i].seen, other[i].seen)
		}
	}
}
