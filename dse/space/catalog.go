package space

// Catalog numbers keys in the order of their first appearance, and keeps something of
// that appearance.
type Catalog[K comparable, V any] struct {
	at   map[K]int
	List []V
}

func (c *Catalog[K, V]) Number(k K, v V) int {
	n, known := c.at[k]
	if !known {
		if c.at == nil {
			c.at = map[K]int{}
		}
		n = len(c.List)
		c.at[k], c.List = n, append(c.List, v)
	}
	return n
}
