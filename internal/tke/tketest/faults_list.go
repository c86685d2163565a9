package tketest

// EmptyList answers DescribeImageCaches as if there were no caches. It does nothing to other
// actions, and nothing to errors.
type EmptyList struct{}

func (EmptyList) addTo(p *callPlan) {
	p.changeList(func(list *describeResponse) { *list = describeResponse{ImageCaches: []wireCache{}} })
}

// ShortList leaves the last cache out of the list and counts it all the same.
type ShortList struct{}

func (ShortList) addTo(p *callPlan) {
	p.changeList(func(list *describeResponse) {
		list.ImageCaches = list.ImageCaches[:max(0, len(list.ImageCaches)-1)]
	})
}

// ReversedList orders what it lists the other way round, over all pages.
type ReversedList struct{}

func (ReversedList) addTo(p *callPlan) { p.reversed = true }

// DoubledList lists its last cache twice, and counts it so.
type DoubledList struct{}

func (DoubledList) addTo(p *callPlan) {
	p.changeList(func(list *describeResponse) {
		if n := len(list.ImageCaches); n > 0 {
			list.ImageCaches, list.TotalCount = append(list.ImageCaches, list.ImageCaches[n-1]), list.TotalCount+1
		}
	})
}

// StatuslessList leaves out of the list in which state its caches are.
type StatuslessList struct{}

func (StatuslessList) addTo(p *callPlan) {
	p.changeList(func(list *describeResponse) {
		for i := range list.ImageCaches {
			list.ImageCaches[i].Status = ""
		}
	})
}

// changeList changes what DescribeImageCaches answers where it answers with a list.
func (p *callPlan) changeList(change func(list *describeResponse)) {
	p.after = append(p.after, func(c *call, answer reply) reply {
		if answer.list == nil {
			return answer
		}
		change(answer.list)
		changed := c.newReply(*answer.list, nil)
		changed.list = answer.list
		return changed
	})
}
