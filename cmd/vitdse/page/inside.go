package page

// Inside is what a design is made of and how an image passes through it.
type Inside struct {
	Point string `json:"point"` // name
}
