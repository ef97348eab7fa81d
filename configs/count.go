package configs

import (
	"fmt"
	"strconv"
)

// ImageCount is a number of images, or all there are; written "all" or as a number.
type ImageCount int

// AllImages is every image of the dataset.
const AllImages ImageCount = -1

// Of is the count for a dataset of n images.
func (c ImageCount) Of(n int) int {
	if c == AllImages || int(c) > n {
		return n
	}
	return int(c)
}

func (c ImageCount) String() string {
	if c == AllImages {
		return "all"
	}
	return strconv.Itoa(int(c))
}

func (ImageCount) expected() string { return "all, or a number of images" }

// MarshalText writes the count as String does.
func (c ImageCount) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads what String writes.
func (c *ImageCount) UnmarshalText(text []byte) error {
	if string(text) == "all" {
		*c = AllImages
		return nil
	}
	n, ok := parseInt(string(text))
	if !ok || n < 0 || n > 1<<31-1 {
		return fmt.Errorf("%s is no count; expected %s", quoted(string(text)), c.expected())
	}
	*c = ImageCount(n)
	return nil
}
