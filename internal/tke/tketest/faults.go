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

// Fault is trouble at some calls. Faults are counted each on its own: two that strike the same call both apply, their
// delays add up, and of two answers the one that was injected first is given.
type Fault struct {
	// Action it strikes; empty for all.
	Action string
	// When narrows it down further, by what was asked. Optional.
	When func(Request) bool
	// Nth call that it strikes first, counted from 1 among those that it is for. Default: the next one.
	Nth int
	// Times that it strikes, from then on. Default: once.
	Times int
	// Effect is what happens.
	Effect Effect
}

// Effect is one kind of trouble: [Answer], [Throttle], [HTTPStatus], [Delay], [AnswerLate], [RefuseNext], [ResetBefore],
// [ResetAfter], [AnswerAfter], [Truncate], [Malform], [EmptyList], [ShortList],
// [ReversedList], [DoubledList], [StatuslessList], [Lag], or several [Together].
type Effect interface {
	plan(p *plan)
}

// plan is what is going to happen to one call.
type plan struct {
	struck   []Effect
	delay    time.Duration
	instead  func(*call) reply // what is answered without acting
	lag      int
	reversed bool                       // the list goes the other way round
	after    []func(*call, reply) reply // what becomes of the answer once the service has acted
}

func (p *plan) answerInstead(answer func(*call) reply) {
	if p.instead == nil {
		p.instead = answer
	}
}

// Answer is an error of the API, within HTTP 200; nothing is done.
type Answer struct{ Code, Message string }

func (e Answer) plan(p *plan) { p.answerInstead(e.reply) }

func (e Answer) reply(c *call) reply {
	return c.answer(nil, &apiError{code: e.Code, en: e.Message, zh: e.Message})
}

// AnswerAfter is an error of the API although the service has acted.
type AnswerAfter struct{ Code, Message string }

func (e AnswerAfter) plan(p *plan) {
	p.after = append(p.after, func(c *call, _ reply) reply { return Answer(e).reply(c) })
}

// Throttle is an answer of a rate limit; nothing is done. Code defaults to RequestLimitExceeded.
type Throttle struct{ Code string }

func (e Throttle) plan(p *plan) {
	setDefault(&e.Code, CodeRequestLimitExceeded)
	p.answerInstead(func(c *call) reply { return c.answer(nil, throttled(e.Code, 20)) })
}

// HTTPStatus is an answer of something in front of the service, a page of HTML; nothing is done. Body has a default.
type HTTPStatus struct {
	Status int
	Body   string
}

func (e HTTPStatus) plan(p *plan) {
	title := fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))
	setDefault(&e.Body, "<html>\r\n<head><title>"+title+"</title></head>\r\n<body>"+title+"</body>\r\n</html>\r\n")
	p.answerInstead(func(*call) reply {
		return reply{status: e.Status, contentType: "text/html", body: []byte(e.Body)}
	})
}

// Delay waits before anything else. The call is then performed even if the client has given up.
type Delay struct{ For time.Duration }

func (e Delay) plan(p *plan) { p.delay += e.For }

// AnswerLate holds the answer back once the service has acted.
type AnswerLate struct{ For time.Duration }

func (e AnswerLate) plan(p *plan) {
	p.after = append(p.after, func(_ *call, answer reply) reply {
		answer.hold += e.For
		return answer
	})
}

// RefuseNext answers as usual, and then refuses connections for a while: what the client asks next meets a closed port. Only
// on a server that listens.
type RefuseNext struct{ For time.Duration }

func (e RefuseNext) plan(p *plan) {
	p.after = append(p.after, func(_ *call, answer reply) reply {
		answer.refuse = e.For
		return answer
	})
}

// ResetBefore resets the connection; nothing is done.
type ResetBefore struct{}

func (ResetBefore) plan(p *plan) {
	p.answerInstead(func(*call) reply { return reply{reset: true} })
}

// ResetAfter resets the connection when the service has acted: the cache exists, and the client does not know its id.
type ResetAfter struct{}

func (ResetAfter) plan(p *plan) {
	p.after = append(p.after, func(*call, reply) reply { return reply{reset: true} })
}

// Truncate ends the connection in the middle of the answer, when the service has acted.
type Truncate struct{}

func (Truncate) plan(p *plan) {
	p.after = append(p.after, func(_ *call, answer reply) reply {
		answer.truncate = true
		return answer
	})
}

// Malform answers half of the JSON as if it were all, when the service has acted.
type Malform struct{}

func (Malform) plan(p *plan) {
	p.after = append(p.after, func(_ *call, answer reply) reply {
		answer.body = answer.body[:len(answer.body)/2]
		return answer
	})
}

// Lag keeps what the call does from the next Lists answers of DescribeImageCaches: a new cache is not in them, an
// updated one is as it was, a deleted one is still there. Other actions see it at once.
type Lag struct{ Lists int }

func (e Lag) plan(p *plan) { p.lag = max(p.lag, e.Lists) }

// Together is several effects on the same call.
type Together []Effect

func (e Together) plan(p *plan) {
	for _, effect := range e {
		effect.plan(p)
	}
}

// Injected is a fault that was injected.
type Injected struct {
	list  *faultList
	fault Fault
	seen  int
	hits  int
}

// Hits is how often it has struck.
func (i *Injected) Hits() int {
	i.list.mu.Lock()
	defer i.list.mu.Unlock()
	return i.hits
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

// plan puts together what the faults have for a request.
func (l *faultList) plan(r Request) plan {
	l.mu.Lock()
	defer l.mu.Unlock()
	var p plan
	for _, i := range l.faults {
		if i.strikes(r) {
			i.fault.Effect.plan(&p)
			p.struck = append(p.struck, i.fault.Effect)
		}
	}
	return p
}

func (i *Injected) strikes(r Request) bool {
	f := i.fault
	if f.Action != "" && f.Action != r.Action || f.When != nil && !f.When(r) {
		return false
	}
	i.seen++
	if i.seen < f.Nth || i.hits >= f.Times {
		return false
	}
	i.hits++
	return true
}
