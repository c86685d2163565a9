package tketest

import (
	"encoding/json"
	"mime"
	"slices"
)

// The five actions, and the version of the API that has them.
const (
	ActionCreate   = "CreateImageCache"
	ActionDescribe = "DescribeImageCaches"
	ActionUpdate   = "UpdateImageCache"
	ActionDelete   = "DeleteImageCaches"
	ActionMatch    = "GetMostSuitableImageCache"

	version = "2018-05-25"
	service = "tke"
)

// action is what a request may carry, and what is done with it.
type action struct {
	params []param
	run    func(*Server, *call) (any, *apiError)
}

// actions by name. It is a table and never changes.
var actions = map[string]action{
	ActionCreate:   {createParams, decodeRequest((*Server).createCache)},
	ActionDescribe: {describeParams, decodeRequest((*Server).describeCaches)},
	ActionUpdate:   {updateParams, decodeRequest((*Server).updateCache)},
	ActionDelete:   {deleteParams, decodeRequest((*Server).deleteCaches)},
	ActionMatch:    {matchParams, decodeRequest((*Server).matchCache)},
}

// decodeRequest returns a handler that decodes its request into a struct. The body has been checked
// against the parameters before, so decoding cannot fail.
func decodeRequest[T any](run func(*Server, *call, T) (any, *apiError)) func(*Server, *call) (any, *apiError) {
	return func(s *Server, c *call) (any, *apiError) {
		var request T
		if err := json.Unmarshal(c.body, &request); err != nil {
			return nil, newInvalidParameterError("the body of the request is not a JSON object")
		}
		return run(s, c, request)
	}
}

// handleCall is the way of every request: who asks and for what, how often, whether they may,
// whether the request is well-formed, and only then the action.
func (s *Server) handleCall(c *call) (any, *apiError) {
	for _, check := range []func(*call) *apiError{
		checkEnvelope, s.checkSignature, s.checkRegion, s.checkRate, s.checkAccess,
	} {
		if err := check(c); err != nil {
			return nil, err
		}
	}
	act := actions[c.action]
	if err := checkObject(c.body, s.opts.Unconfirmed.relaxParams(act.params), ""); err != nil {
		return nil, err
	}
	return act.run(s, c)
}

// checkEnvelope checks what every action has in common against the API's rules.
func checkEnvelope(c *call) *apiError {
	switch {
	case c.tooLarge:
		return &apiError{CodeRequestSizeLimitExceeded, "The size of the request exceeds 10 MB.", "请求包超过限制大小 10 MB。"}
	case c.method != "POST" || c.path != "/":
		return &apiError{CodeUnsupportedProtocol,
			"The request must be a POST to the path `/`.", "HTTP(S) 请求协议错误，只支持对路径 `/` 的 POST 请求。"}
	case !isJSON(c.header.Get("Content-Type")):
		return newInvalidParameterError("the `Content-Type` of the request is not `application/json`")
	case c.action == "":
		return newMissingParameterError("X-TC-Action")
	case c.version == "":
		return newMissingParameterError("X-TC-Version")
	case actions[c.action].run == nil:
		return &apiError{CodeInvalidAction,
			"The action `" + c.action + "` is invalid or not found.", "接口 `" + c.action + "` 不存在。"}
	case c.version != version:
		return &apiError{CodeNoSuchVersion,
			"The version `" + c.version + "` does not exist.", "接口版本 `" + c.version + "` 不存在。"}
	}
	return nil
}

func isJSON(contentType string) bool {
	mediaType, _, err := mime.ParseMediaType(contentType)
	return err == nil && mediaType == "application/json"
}

func (s *Server) checkRegion(c *call) *apiError {
	switch {
	case c.region == "":
		return newMissingParameterError("X-TC-Region")
	case !slices.Contains(s.opts.Regions, c.region):
		return &apiError{CodeUnsupportedRegion,
			"The region `" + c.region + "` is not supported.", "接口不支持所传地域 `" + c.region + "`。"}
	}
	return nil
}

func (s *Server) checkRate(c *call) *apiError {
	if !s.limiter.allowCall(c.action) {
		return newThrottledError(CodeRequestLimitExceeded, s.limiter.perSecond)
	}
	return nil
}

// checkAccess does what CAM does: it checks the action and the first resource before any parameter.
func (s *Server) checkAccess(c *call) *apiError {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.denied[c.action] {
		return nil
	}
	var named struct {
		ID  string   `json:"ImageCacheId"`
		IDs []string `json:"ImageCacheIds"`
	}
	_ = json.Unmarshal(c.body, &named) // a body that is not JSON names no resource
	ids := append([]string{named.ID}, named.IDs...)
	ids = slices.DeleteFunc(ids, func(id string) bool { return id == "" })
	return newCamNoAuthError(c.action, c.region, s.opts.UIN, append(ids, "*")[0])
}
