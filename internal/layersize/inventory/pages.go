package inventory

// pages is a list that grows by pages rather than by copying, so that memory never holds it twice.
type pages[T any] struct {
	list [][]T
	len  uint32
}

const pageItems = 1 << 12

func (p *pages[T]) itemAt(i uint32) *T { return &p.list[i/pageItems][i%pageItems] }

func (p *pages[T]) addItem(item T) uint32 {
	if p.len%pageItems == 0 {
		p.list = append(p.list, make([]T, pageItems))
	}
	i := p.len
	p.len++
	*p.itemAt(i) = item
	return i
}
