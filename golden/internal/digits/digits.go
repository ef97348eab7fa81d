// Package digits loads the quick-start cases of configs/digits and configs/fashion for tests.
package digits

import (
	"errors"
	"os"
	"path/filepath"

	"vitdse/configs"
	"vitdse/golden/checkpoint"
	"vitdse/golden/dataset"
)

// Case is a quick start's network with its data: of digits 1437 training and 360 test images, of fashion 640 and 2000.
type Case struct {
	Model       configs.Model
	Weights     *checkpoint.Weights
	Train, Test *dataset.Images
	TestLabels  []int
	TestLogits  []float32 // images x 10, by the framework that trained it
}

// Load reads digits from the source tree that holds the working directory.
func Load() (*Case, error) { return LoadCase("digits") }

// LoadCase reads a quick start by its name.
func LoadCase(name string) (*Case, error) {
	dir, err := find(filepath.Join("configs", name))
	if err != nil {
		return nil, err
	}
	c := &Case{}
	if c.Model, err = configs.LoadModel(filepath.Join(dir, "model.yaml")); err != nil {
		return nil, err
	}
	ck, err := checkpoint.Load(filepath.Join(dir, "model.safetensors"))
	if err != nil {
		return nil, err
	}
	if c.Weights, err = ck.ViT(c.Model); err != nil {
		return nil, err
	}
	data, err := dataset.Load(filepath.Join(dir, name+".npz"))
	if err != nil {
		return nil, err
	}
	var errs [4]error
	c.Train, errs[0] = data.Images("train_images")
	c.Test, errs[1] = data.Images("test_images")
	c.TestLabels, errs[2] = data.Labels("test_labels")
	c.TestLogits, errs[3] = data.Floats("test_logits", c.Model.Classes)
	return c, errors.Join(errs[:]...)
}

// find walks up from the working directory to a folder that holds path.
func find(path string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, path)); err == nil {
			return filepath.Join(dir, path), nil
		}
		if filepath.Dir(dir) == dir {
			return "", errors.New("no folder above the working directory holds " + path)
		}
		dir = filepath.Dir(dir)
	}
}
