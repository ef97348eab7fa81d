package dse

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"

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

func (n Network) check() error {
	if n.Weights == nil || n.Calibration == nil || n.Images == nil || n.Calibration.N == 0 || n.Images.N == 0 {
		return errors.New("dse: a network needs weights, calibration images and images to be measured on")
	}
	if n.Labels != nil && len(n.Labels) != n.Images.N {
		return fmt.Errorf("dse: %d labels for %d images", len(n.Labels), n.Images.N)
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

// weightsHash is the identity of the weights.
func (n Network) weightsHash() string {
	h := sha256.New()
	w := n.Weights
	floats(h, w.Cls, w.Pos, w.PatchW, w.PatchB, w.NormG, w.NormB, w.HeadW, w.HeadB)
	for i := range w.Blocks {
		b := &w.Blocks[i]
		floats(h, b.Norm1G, b.Norm1B, b.QKVW, b.QKVB, b.ProjW, b.ProjB, b.Norm2G, b.Norm2B, b.FC1W, b.FC1B, b.FC2W, b.FC2B)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// imagesHash is the identity of images and their labels.
func imagesHash(m *dataset.Images, labels []int) string {
	h := sha256.New()
	fmt.Fprintln(h, m.N, m.H, m.W, m.C, labels)
	h.Write(m.Pixels)
	return hex.EncodeToString(h.Sum(nil))
}

// floats feeds tensors to a hash, each after its length.
func floats(h hash.Hash, tensors ...[]float32) {
	for _, t := range tensors {
		binary.Write(h, binary.LittleEndian, int64(len(t))) // a hash takes everything
		binary.Write(h, binary.LittleEndian, t)
	}
}
