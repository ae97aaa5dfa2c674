"""Model monitors: what a schedule of kind CreateMonitor compares, and by which bounds it calls it drift."""

from __future__ import annotations

from pulumi_azure_native import machinelearningservices as ml

from infra.naming import Names
from infra.sections.schedules import Data, Drift, Monitor, Quality

Signal = (
    ml.DataDriftMonitoringSignalArgs
    | ml.PredictionDriftMonitoringSignalArgs
    | ml.DataQualityMonitoringSignalArgs
)
BREACHES = [ml.MonitoringNotificationType.AML_NOTIFICATION]


def monitor_action(monitor: Monitor, names: Names) -> ml.CreateMonitorActionArgs:
    """The action of a monitor's schedule.

    It computes on serverless Spark with the token of whoever made the schedule, as the command line does.
    """
    return ml.CreateMonitorActionArgs(
        action_type="CreateMonitor",
        monitor_definition=ml.MonitorDefinitionArgs(
            compute_configuration=ml.MonitorServerlessSparkComputeArgs(
                compute_type="ServerlessSpark",
                compute_identity=ml.AmlTokenComputeIdentityArgs(compute_identity_type="AmlToken"),
                instance_type=monitor.instance_type,
                runtime_version=monitor.runtime,
            ),
            monitoring_target=ml.MonitoringTargetArgs(
                task_type=monitor.task,
                deployment_id=names.deployment_id(monitor.endpoint, monitor.deployment)
                if monitor.deployment
                else None,
            ),
            alert_notification_settings=ml.MonitorNotificationSettingsArgs(
                email_notification_settings=ml.MonitorEmailNotificationSettingsArgs(
                    emails=list(monitor.emails)
                )
            ),
            signals=_signals(monitor),
        ),
    )


def _signals(monitor: Monitor) -> dict[str, Signal]:
    production, reference = _rolling(monitor), _fixed(monitor.reference)
    found: dict[str, Signal] = {}
    if monitor.data_drift:
        found["data-drift"] = ml.DataDriftMonitoringSignalArgs(
            signal_type="DataDrift",
            production_data=production,
            reference_data=reference,
            metric_thresholds=_drift(monitor.data_drift),
            features=ml.AllFeaturesArgs(filter_type="AllFeatures"),
            notification_types=BREACHES,
        )
    if monitor.prediction_drift:
        numerical = ml.NumericalPredictionDriftMetricThresholdArgs(
            data_type="Numerical",
            metric=monitor.prediction_drift.metric,
            threshold=ml.MonitoringThresholdArgs(value=monitor.prediction_drift.threshold),
        )
        categorical = ml.CategoricalPredictionDriftMetricThresholdArgs(
            data_type="Categorical",
            metric=monitor.prediction_drift.metric,
            threshold=ml.MonitoringThresholdArgs(value=monitor.prediction_drift.threshold),
        )
        found["prediction-drift"] = ml.PredictionDriftMonitoringSignalArgs(
            signal_type="PredictionDrift",
            production_data=production,
            reference_data=reference,
            metric_thresholds=[categorical if monitor.task == "Classification" else numerical],
            notification_types=BREACHES,
        )
    if monitor.data_quality:
        found["data-quality"] = ml.DataQualityMonitoringSignalArgs(
            signal_type="DataQuality",
            production_data=production,
            reference_data=reference,
            metric_thresholds=_quality(monitor.data_quality),
            features=ml.AllFeaturesArgs(filter_type="AllFeatures"),
            notification_types=BREACHES,
        )
    return found


def _drift(
    drift: Drift,
) -> list[ml.NumericalDataDriftMetricThresholdArgs | ml.CategoricalDataDriftMetricThresholdArgs]:
    bound = ml.MonitoringThresholdArgs(value=drift.threshold)
    return [
        ml.NumericalDataDriftMetricThresholdArgs(data_type="Numerical", metric=drift.metric, threshold=bound),
        ml.CategoricalDataDriftMetricThresholdArgs(
            data_type="Categorical", metric=drift.metric, threshold=bound
        ),
    ]


def _quality(
    quality: Quality,
) -> list[ml.NumericalDataQualityMetricThresholdArgs | ml.CategoricalDataQualityMetricThresholdArgs]:
    rates = {
        "NullValueRate": quality.null_value_rate,
        "DataTypeErrorRate": quality.data_type_error_rate,
        "OutOfBoundsRate": quality.out_of_bounds_rate,
    }
    return [
        *(
            ml.NumericalDataQualityMetricThresholdArgs(
                data_type="Numerical", metric=metric, threshold=ml.MonitoringThresholdArgs(value=rate)
            )
            for metric, rate in rates.items()
        ),
        *(
            ml.CategoricalDataQualityMetricThresholdArgs(
                data_type="Categorical", metric=metric, threshold=ml.MonitoringThresholdArgs(value=rate)
            )
            for metric, rate in rates.items()
        ),
    ]


def _rolling(monitor: Monitor) -> ml.RollingInputDataArgs:
    """Production: the days since the last look."""
    return ml.RollingInputDataArgs(
        input_data_type="Rolling",
        job_input_type=ml.JobInputType.MLTABLE,
        uri=monitor.production.path,
        window_offset="P0D",
        window_size=f"P{monitor.window_days}D",
        data_context="model_inputs",
        columns=_columns(monitor.production),
    )


def _fixed(data: Data) -> ml.FixedInputDataArgs:
    """The reference: what the model was trained on."""
    return ml.FixedInputDataArgs(
        input_data_type="Fixed",
        job_input_type=ml.JobInputType.MLTABLE,
        uri=data.path,
        data_context="training",
        columns=_columns(data),
    )


def _columns(data: Data) -> dict[str, str] | None:
    return {"target_column": data.target_column} if data.target_column else None
