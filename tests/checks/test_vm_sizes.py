"""The table of VM sizes: sourced, complete, and counted in the families that Azure has."""

from collections import defaultdict

from checks.catalogue.vm_sizes import family_key, vm_sizes


def test_every_size_has_cores_memory_a_family_and_two_sources():
    for size in vm_sizes().values():
        assert size.vcpus > 0
        assert size.memory_gib > 0
        assert size.family
        assert "; family: " in size.source


def test_a_size_has_a_model_of_gpu_if_and_only_if_it_has_gpus():
    assert all(bool(size.gpu) == (size.gpus > 0) for size in vm_sizes().values())


def test_within_a_family_either_all_sizes_have_gpus_or_none():
    families = defaultdict(set)
    for size in vm_sizes().values():
        families[size.family].add(size.gpus > 0)
    assert all(len(kinds) == 1 for kinds in families.values())


def test_families_are_compared_without_case_and_spaces():
    assert family_key("Standard NCASv3_T4 Family") == family_key("standardNCASv3_T4Family")
