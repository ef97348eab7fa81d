package temporal

import (
	"vitdse/configs"
	"vitdse/hwmodel"
)

// Modules lists what every emitted module and buffer takes on the part. The sum is the
// engine: what synthesis gains or loses across module boundaries is not modelled.
func (s *Shape) Modules(part configs.Part) []hwmodel.Module {
	l := ledger{list: make([]hwmodel.Module, 0, 32)}
	s.charge(&l, newFabric(part))
	return l.list
}

// Resources is the sum of Modules, without the list.
func (s *Shape) Resources(part configs.Part) hwmodel.Resources {
	l := ledger{}
	s.charge(&l, newFabric(part))
	return l.sum
}

// ledger adds up modules; list is kept if it is not nil.
type ledger struct {
	sum  hwmodel.Resources
	list []hwmodel.Module
}

func (l *ledger) add(name string, r hwmodel.Resources) {
	l.sum = l.sum.Add(r)
	if l.list != nil {
		l.list = append(l.list, hwmodel.Module{Name: name, Resources: r})
	}
}
