package tketest

import (
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"
)

// Always is a [Fault.Times] that never ends.
const Always = math.MaxInt

// Fault is trouble at some calls. Faults are counted each on its own: two that strike the same call
// both apply, their delays add up, and of two answers the one that was injected first is sent.
type Fault struct {
	// Action it strikes; empty for all.
	Action string
	// When narrows it down further, by what was asked. Optional.
	When func(Request) bool
	// Nth call that it strikes first, counted from 1 among those that it is for. Default: the next
	// one.
	Nth int
	// Times that it strikes, from then on. Default: once.
	Times int
	// Effect is what happens.
	Effect Effect
}

// Effect is one kind of trouble: [ErrorBefore], [Throttle], [HTTPStatus], [Delay], [DelayAfter],
// [RefuseNext], [ResetBefore], [ResetAfter], [ErrorAfter], [Truncate], [Malform], [EmptyList],
// [ShortList], [ReversedList], [DoubledList], [StatuslessList], [StaleLists], or several
// [Together].
type Effect interface {
	addTo(p *callPlan)
}

// callPlan is what is going to happen to one call.
type callPlan struct {
	applied  []Effect
	delay    time.Duration
	instead  func(*call) reply // what is answered without acting
	lag      int
	reversed bool                       // the list goes the other way round
	after    []func(*call, reply) reply // what becomes of the answer once the service has acted
}

func (p *callPlan) answerInstead(answer func(*call) reply) {
	if p.instead == nil {
		p.instead = answer
	}
}

// ErrorBefore is an error of the API, within HTTP 200; nothing is done.
type ErrorBefore struct{ Code, Message string }

func (e ErrorBefore) addTo(p *callPlan) { p.answerInstead(e.newErrorReply) }

func (e ErrorBefore) newErrorReply(c *call) reply {
	return c.newReply(nil, &apiError{code: e.Code, en: e.Message, zh: e.Message})
}

// ErrorAfter is an error of the API although the service has acted.
type ErrorAfter struct{ Code, Message string }

func (e ErrorAfter) addTo(p *callPlan) {
	p.after = append(p.after, func(c *call, _ reply) reply { return ErrorBefore(e).newErrorReply(c) })
}

// Throttle is an answer of a rate limit; nothing is done. Code defaults to RequestLimitExceeded.
type Throttle struct{ Code string }

func (e Throttle) addTo(p *callPlan) {
	setDefault(&e.Code, CodeRequestLimitExceeded)
	p.answerInstead(func(c *call) reply { return c.newReply(nil, newThrottledError(e.Code, 20)) })
}

// HTTPStatus is an answer of something in front of the service, a page of HTML; nothing is done.
// Body has a default.
type HTTPStatus struct {
	Status int
	Body   string
}

func (e HTTPStatus) addTo(p *callPlan) {
	title := fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))
	setDefault(&e.Body, "<html>\r\n<head><title>"+title+"</title></head>\r\n<body>"+title+"</body>\r\n</html>\r\n")
	p.answerInstead(func(*call) reply {
		return reply{status: e.Status, contentType: "text/html", body: []byte(e.Body)}
	})
}

// Delay waits before anything else. The call is then performed even if the client has stopped
// waiting.
type Delay struct{ For time.Duration }

func (e Delay) addTo(p *callPlan) { p.delay += e.For }

// DelayAfter holds the answer back once the service has acted.
type DelayAfter struct{ For time.Duration }

func (e DelayAfter) addTo(p *callPlan) {
	p.after = append(p.after, func(_ *call, answer reply) reply {
		answer.hold += e.For
		return answer
	})
}

// RefuseNext answers as usual, and then refuses connections for a while: what the client asks next
// meets a closed port. Only on a server that listens.
type RefuseNext struct{ For time.Duration }

func (e RefuseNext) addTo(p *callPlan) {
	p.after = append(p.after, func(_ *call, answer reply) reply {
		answer.refuse = e.For
		return answer
	})
}

// ResetBefore resets the connection; nothing is done.
type ResetBefore struct{}

func (ResetBefore) addTo(p *callPlan) {
	p.answerInstead(func(*call) reply { return reply{reset: true} })
}

// ResetAfter resets the connection when the service has acted: the cache exists, and the client
// does not know its id.
type ResetAfter struct{}

func (ResetAfter) addTo(p *callPlan) {
	p.after = append(p.after, func(*call, reply) reply { return reply{reset: true} })
}

// Truncate ends the connection in the middle of the answer, when the service has acted.
type Truncate struct{}

func (Truncate) addTo(p *callPlan) {
	p.after = append(p.after, func(_ *call, answer reply) reply {
		answer.truncate = true
		return answer
	})
}

// Malform answers half of the JSON as if it were all, when the service has acted.
type Malform struct{}

func (Malform) addTo(p *callPlan) {
	p.after = append(p.after, func(_ *call, answer reply) reply {
		answer.body = answer.body[:len(answer.body)/2]
		return answer
	})
}

// StaleLists keeps what the call does from the next Count answers of DescribeImageCaches: a new
// cache is not in them, an updated one is as it was, a deleted one is still there. Other actions
// see it at once.
type StaleLists struct{ Count int }

func (e StaleLists) addTo(p *callPlan) { p.lag = max(p.lag, e.Count) }

// Together is several effects on the same call.
type Together []Effect

func (e Together) addTo(p *callPlan) {
	for _, effect := range e {
		effect.addTo(p)
	}
}

// Injected is a fault that was injected.
type Injected struct {
	list    *faultList
	fault   Fault
	seen    int
	applied int
}

// Applied returns how often the fault has struck.
func (i *Injected) Applied() int {
	i.list.mu.Lock()
	defer i.list.mu.Unlock()
	return i.applied
}

// Inject makes calls go wrong from now on.
func (s *Server) Inject(f Fault) *Injected {
	if f.Effect == nil {
		panic("tketest: a fault without effect")
	}
	setDefault(&f.Nth, 1)
	setDefault(&f.Times, 1)
	return s.faults.add(f)
}

// ClearFaults ends all that were injected.
func (s *Server) ClearFaults() { s.faults.clear() }

// faultList keeps what was injected.
type faultList struct {
	mu     sync.Mutex
	faults []*Injected
}

func (l *faultList) add(f Fault) *Injected {
	l.mu.Lock()
	defer l.mu.Unlock()
	injected := &Injected{list: l, fault: f}
	l.faults = append(l.faults, injected)
	return injected
}

func (l *faultList) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults = nil
}

// planCall puts together what the faults have for a request.
func (l *faultList) planCall(r Request) callPlan {
	l.mu.Lock()
	defer l.mu.Unlock()
	var p callPlan
	for _, i := range l.faults {
		if i.matchAndCount(r) {
			i.fault.Effect.addTo(&p)
			p.applied = append(p.applied, i.fault.Effect)
		}
	}
	return p
}

func (i *Injected) matchAndCount(r Request) bool {
	f := i.fault
	if f.Action != "" && f.Action != r.Action || f.When != nil && !f.When(r) {
		return false
	}
	i.seen++
	if i.seen < f.Nth || i.applied >= f.Times {
		return false
	}
	i.applied++
	return true
}
