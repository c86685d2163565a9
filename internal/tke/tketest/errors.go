package tketest

import (
	"cmp"
	"fmt"
)

// The error codes that the stand-in answers on its own. The service has more: any of them can be
// injected.
const (
	CodeMissingParameter          = "MissingParameter"
	CodeUnknownParameter          = "UnknownParameter"
	CodeInvalidParameter          = "InvalidParameter"
	CodeInvalidParameterValue     = "InvalidParameterValue"
	CodeParameterLimitExceeded    = "InvalidParameterValue.LimitExceeded"
	CodeInvalidAction             = "InvalidAction"
	CodeNoSuchVersion             = "NoSuchVersion"
	CodeUnsupportedRegion         = "UnsupportedRegion"
	CodeUnsupportedProtocol       = "UnsupportedProtocol"
	CodeRequestSizeLimitExceeded  = "RequestSizeLimitExceeded"
	CodeCamNoAuth                 = "UnauthorizedOperation.CamNoAuth"
	CodeRequestLimitExceeded      = "RequestLimitExceeded"
	CodeIPLimitExceeded           = "RequestLimitExceeded.IPLimitExceeded"
	CodeUinLimitExceeded          = "RequestLimitExceeded.UinLimitExceeded"
	CodeGlobalRegionLimitExceeded = "RequestLimitExceeded.GlobalRegionUinLimitExceeded"
	CodeLimitExceeded             = "LimitExceeded"
	CodeResourceNotFound          = "ResourceNotFound"
	CodeUnsupportedOperation      = "UnsupportedOperation"
)

// apiError is an error as the service answers it: within HTTP 200, in the language that was asked
// for.
type apiError struct {
	code string
	en   string
	zh   string
}

// message is in Chinese unless English was asked for, as the service's messages are.
func (e *apiError) message(language string) string {
	if language == "en-US" {
		return e.en
	}
	return e.zh
}

func newMissingParameterError(name string) *apiError {
	return &apiError{CodeMissingParameter,
		fmt.Sprintf("The request is missing a required parameter `%s`.", name),
		fmt.Sprintf("缺少参数错误，请求缺少必填参数 `%s`。", name)}
}

func newUnknownParameterError(name string) *apiError {
	return &apiError{CodeUnknownParameter,
		fmt.Sprintf("The parameter `%s` is not recognized.", name),
		fmt.Sprintf("未知参数错误，参数 `%s` 无法识别。", name)}
}

func newWrongTypeError(name, want string) *apiError {
	return &apiError{CodeInvalidParameter,
		fmt.Sprintf("The type of parameter `%s` is not valid, it must be %s.", name, want),
		fmt.Sprintf("参数错误，参数 `%s` 的类型不正确 (%s)。", name, want)}
}

func newInvalidParameterError(why string) *apiError {
	return &apiError{CodeInvalidParameter, "The parameter is not valid: " + why + ".", "参数错误: " + why + "。"}
}

func newInvalidValueError(name, why string) *apiError {
	return &apiError{CodeInvalidParameterValue,
		fmt.Sprintf("The value of parameter `%s` is not valid: %s.", name, why),
		fmt.Sprintf("参数取值错误，参数 `%s` 的取值不正确: %s。", name, why)}
}

func newTooManyError(name string, most int) *apiError {
	return &apiError{CodeParameterLimitExceeded,
		fmt.Sprintf("The parameter `%s` has more than %d values.", name, most),
		fmt.Sprintf("参数 `%s` 的数量超过限制 %d。", name, most)}
}

func (s *Server) newNotFoundError(id string) *apiError {
	return &apiError{cmp.Or(s.opts.Unconfirmed.NotFoundCode, CodeResourceNotFound),
		fmt.Sprintf("The image cache `%s` is not found.", id),
		fmt.Sprintf("镜像缓存 `%s` 不存在。", id)}
}

func newUnsupportedStatusError(id string, status Status) *apiError {
	return &apiError{CodeUnsupportedOperation,
		fmt.Sprintf("The image cache `%s` cannot be updated in status `%s`.", id, status),
		fmt.Sprintf("镜像缓存 `%s` 当前状态 `%s` 不支持更新操作。", id, status)}
}

func newQuotaError(quota int) *apiError {
	return &apiError{CodeLimitExceeded,
		fmt.Sprintf("The number of image caches exceeds the quota `%d`.", quota),
		fmt.Sprintf("镜像缓存数量超过配额限制 `%d`。", quota)}
}

func newThrottledError(code string, perSecond int) *apiError {
	return &apiError{code,
		fmt.Sprintf("Your current request times equals to `%d` in a second, which exceeds the frequency limit `%d` "+
			"for a second. Please reduce the frequency of calls.", perSecond+1, perSecond),
		fmt.Sprintf("您当前每秒请求 `%d` 次，超过了每秒频率上限 `%d` 次，请稍后重试。", perSecond+1, perSecond)}
}

// newCamNoAuthError names the action and the resource, as CAM does: the user has to find the
// missing permission in this text.
func newCamNoAuthError(action, region, uin, id string) *apiError {
	resource := fmt.Sprintf("qcs::tke:%s:uin/%s:imagecache/%s", region, uin, id)
	return &apiError{
		CodeCamNoAuth,
		fmt.Sprintf(
			"you are not authorized to perform operation (tke:%s)\nresource (%s) has no permission\n", action,
			resource,
		),
		fmt.Sprintf("您没有执行操作 (tke:%s) 的权限\n资源 (%s) 无权限\n", action, resource),
	}
}
