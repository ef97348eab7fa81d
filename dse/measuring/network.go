// Package measuring runs the golden model for a search: the sensitivities of a network's layers, networks with chosen
// numerics beside the float one, and integer networks that are kept. Each is numbered jobs, in this process or
// elsewhere, and what they gave is in a cache.
package measuring

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"vitdse/configs"
	"vitdse/golden/checkpoint"
	"vitdse/golden/dataset"
)

// Network is a trained network with the images that say how good its numerics are.
type Network struct {
	Model       configs.Model
	Weights     *checkpoint.Weights
	Calibration *dataset.Images // training images; Space.CalibImages of them give the ranges
	Images      *dataset.Images // that points are measured on
	Labels      []int           // of Images; may be nil
}

// Check says what a network lacks to be measured.
func (n Network) Check() error {
	if n.Weights == nil || n.Calibration == nil || n.Images == nil || n.Calibration.N == 0 || n.Images.N == 0 {
		return errors.New("a network needs weights, calibration images and images to be measured on")
	}
	if n.Labels != nil && len(n.Labels) != n.Images.N {
		return fmt.Errorf("%d labels for %d images", len(n.Labels), n.Images.N)
	}
	return nil
}

// calibration is the first count images, or as many as there are.
func (n Network) calibration(count int) *dataset.Images {
	return n.Calibration.Slice(0, min(count, n.Calibration.N))
}

// heldOut is count training images behind the first skip, which the ranges were not taken
// from; where there are too few, the last count.
func (n Network) heldOut(skip, count int) *dataset.Images {
	count = min(count, n.Calibration.N)
	from := min(skip, n.Calibration.N-count)
	return n.Calibration.Slice(from, from+count)
}

// imagesHash is the identity of images and their labels.
func imagesHash(m *dataset.Images, labels []int) string {
	h := sha256.New()
	fmt.Fprintln(h, m.N, m.H, m.W, m.C, labels)
	h.Write(m.Pixels)
	return hex.EncodeToString(h.Sum(nil))
}
