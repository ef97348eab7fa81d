package dse

// catalog numbers keys in the order of their first appearance, and keeps something of
// that appearance.
type catalog[K comparable, V any] struct {
	at   map[K]int
	list []V
}

func (c *catalog[K, V]) number(k K, v V) int {
	n, known := c.at[k]
	if !known {
		if c.at == nil {
			c.at = map[K]int{}
		}
		n = len(c.list)
		c.at[k], c.list = n, append(c.list, v)
	}
	return n
}
